//! The commands of a developer: `cargo xtask help` lists them.

fn main() {
    println!("cargo xtask: no commands yet");
}
