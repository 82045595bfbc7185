//! How each runtime is started, with as many workers as the row asks for. A row's work runs on a task, never on the thread
//! that started the runtime.

pub mod may;
pub mod sisal;
pub mod smol;
pub mod tokio;
