//! loom-tests of sisal.
