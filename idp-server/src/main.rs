//! Reads the command line and runs the command; everything else is in the library.

fn main() -> std::process::ExitCode {
    idp_server::cli::main()
}
