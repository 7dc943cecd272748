//! The `nauthera` binary; everything is in the library.

fn main() -> std::process::ExitCode {
    nauthera::cli::main()
}
