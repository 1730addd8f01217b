//! The migrations are embedded in the program: a new one means building again.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
