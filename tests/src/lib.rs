//! The table of operators and what is tested with it: one row an operator, every test from the rows.
