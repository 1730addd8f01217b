//! Where a process finds its settings. Each case sets one thing wrong, so that the program says where it found it.

use std::{fs, process::Command};

/// What `earpiece serve` complains of, with these files in its folder and these variables.
fn complaint(files: &[(&str, &str)], variables: &[(&str, &str)], flags: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
    command.env_clear().current_dir(folder.path()).arg("serve").args(flags);
    let output = command.envs(variables.iter().copied()).output().expect("it runs");
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn the_environment_wins_over_the_files_and_flags_over_all() {
    let files = [("earpiece.toml", "[server]\nport = 'toml'"), (".env", "PORT=dotenv")];
    assert!(complaint(&files[..1], &[], &[]).contains("earpiece.toml:2: server.port is \"toml\""));
    assert!(complaint(&files, &[], &[]).contains(".env:1: PORT is \"dotenv\""));
    assert!(complaint(&files, &[("PORT", "shell")], &[]).contains("the variable PORT is \"shell\""));
    assert!(complaint(&files, &[("PORT", "shell")], &["--port", "flag"]).contains("--port is \"flag\""));
}

#[test]
fn the_environments_name_puts_a_file_over_the_first() {
    let files = [(".env", "PORT=first"), (".env.production", "PORT=second"), (".env.local", "PORT=third")];
    assert!(complaint(&files, &[], &[]).contains(".env:1: PORT is \"first\""));
    assert!(complaint(&files, &[("EARPIECE_ENV", "production")], &[]).contains(".env.production:1: PORT"));
    assert!(complaint(&files, &[("FLASK_ENV", "local")], &[]).contains(".env.local:1: PORT"));
    assert!(complaint(&files, &[("FLASK_ENV", "testing")], &[]).contains(".env:1: PORT"));
    let named_within = [(".env", "EARPIECE_ENV=local"), files[2]];
    assert!(complaint(&named_within, &[], &[]).contains(".env.local:1: PORT"));
    let unknown = complaint(&files, &[("EARPIECE_ENV", "../staging")], &[]);
    assert!(unknown.contains("EARPIECE_ENV is \"../staging\": give one of local, development, production"));
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let missing = "there is no settings file other.toml";
    assert!(complaint(&[], &[("EARPIECE_CONFIG", "other.toml")], &[]).contains(missing));
    assert!(complaint(&[], &[], &["--config", "other.toml"]).contains(missing));
    let there = [("other.toml", "[server]\nprot = 1"), ("earpiece.toml", "[server]\nport = 'x'")];
    let complaint = complaint(&there, &[], &["--config=other.toml"]);
    assert!(
        complaint.contains("other.toml:2: there is no setting `server.prot`")
            && !complaint.contains("earpiece.toml")
    );
}

#[test]
fn what_cannot_be_served_is_told_before_anything_is_said_to_be_ready() {
    let tls = [("TLS_CERT", "nothing.pem"), ("TLS_KEY", "nothing.key"), ("PORT", "0")];
    let told = complaint(&[], &tls, &[]);
    assert!(told.contains("TLS_CERT nothing.pem") && !told.contains("/welcome/"), "{told}");
}

#[test]
fn a_port_that_is_taken_is_told_with_the_variable_that_sets_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let told = complaint(&[], &[("PORT", "0"), ("WS_PORT", &port)], &[]);
    assert!(told.contains("WS_PORT sets another port") && !told.contains("PORT=0"), "{told}");
    let told = complaint(&[], &[("PORT", &port)], &[]);
    assert!(told.contains("PORT=0 picks a free port"), "{told}");
}

#[test]
fn a_call_from_the_terminal_finds_the_secret_where_the_server_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
        command.env_clear().current_dir(folder.path()).args([
            "call",
            "--to",
            "http://127.0.0.1:1",
            "--say",
            "Hello.",
        ]);
        let output = command.output().expect("it runs");
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(call().contains("give the server's TWILIO_AUTH_TOKEN"));
    fs::write(folder.path().join(".env"), "TWILIO_AUTH_TOKEN=secret").expect("written");
    let told = call();
    assert!(told.contains("Calling http://127.0.0.1:1") && told.contains("The call failed"), "{told}");
}
