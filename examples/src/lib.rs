//! examples of sisal.
