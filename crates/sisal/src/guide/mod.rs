#![doc = include_str!("README.md")]

#[doc = include_str!("first_steps.md")]
pub mod first_steps {}

#[doc = include_str!("coming_from.md")]
pub mod coming_from {}

#[doc = include_str!("pipelines.md")]
pub mod pipelines {}

#[doc = include_str!("servers.md")]
pub mod servers {}

#[doc = include_str!("structure.md")]
pub mod structure {}

#[doc = include_str!("cancellation.md")]
pub mod cancellation {}

#[doc = include_str!("blocking.md")]
pub mod blocking {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("choosing.md")]
pub mod choosing {}

#[doc = include_str!("pitfalls.md")]
pub mod pitfalls {}

#[doc = include_str!("scheduler.md")]
pub mod scheduler {}

#[doc = include_str!("safety.md")]
pub mod safety {}

#[doc = include_str!("seeing.md")]
pub mod seeing {}

#[doc = include_str!("tuning.md")]
pub mod tuning {}
