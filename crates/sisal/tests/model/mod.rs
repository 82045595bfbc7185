//! Random programs over channels, and a sequential model that says which of their outcomes are possible.
//!
//! A program is a few agents, each a fiber or a thread, each with handles and a list of operations. It is run; every
//! operation's outcome is written down with the times of its call and its return; then `history` looks for an order of all
//! operations, each between its call and its return, in which the model gives the same outcomes one after another.

#![allow(dead_code, reason = "no test file uses all of it")]

pub(crate) mod channels;
pub(crate) mod harness;
pub(crate) mod history;
pub(crate) mod program;
pub(crate) mod run;
