//! How the shared object is linked. It must not know what the module does.

fn main() {
    // libpam unloads a module at `pam_end`. Code that a thread's exit or a panic hook still points to has to stay.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // Every symbol is resolved at load, and the tables are read-only from then on.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,relro,-z,now");
    println!("cargo:rerun-if-changed=build.rs");
}
