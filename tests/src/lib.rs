//! The table of operators and what is tested with it: one row an operator, every test from the rows.
//!
//! A row ([`table::Row`]) is PyTorch's name, the call, and inputs to try it on. From the rows follow the replay of cases
//! recorded from PyTorch ([`runner`]), the checks of gradients, dtypes, layouts and errors ([`checks`]), and the
//! comparison with a second, deliberately naive backend ([`naive`]).
pub mod args;
pub mod bench;
pub mod checks;
pub mod compare;
pub mod fault;
pub mod file;
pub mod models;
pub mod modules;
pub mod naive;
pub mod page;
pub mod runner;
pub mod sample;
pub mod strided;
pub mod table;
pub mod value;
