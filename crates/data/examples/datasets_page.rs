//! Prints the page of data sets.
fn main() {
    print!("{}", data::datasets::table::page());
}
