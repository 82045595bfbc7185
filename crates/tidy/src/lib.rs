//! The rules of this repository that a machine can keep.
