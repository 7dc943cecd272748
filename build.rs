//! Generates the config service's messages, client and server from `proto/`. protox parses it, so no protoc is needed.

use std::error::Error;
use std::path::PathBuf;

const FILE: &str = "nauthera/config/v1/config.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(false).open_file(FILE)?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    // For gRPC reflection
    std::fs::write(out.join("config.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .bytes(".nauthera.config.v1.ApplyRequest")
        // Passwords may be in them: src/wire says what they show
        .skip_debug([
            ".nauthera.config.v1.User",
            ".nauthera.config.v1.Ldap",
            ".nauthera.config.v1.IdentityProvider",
            ".nauthera.config.v1.Portion",
            ".nauthera.config.v1.ApplyRequest",
        ])
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
