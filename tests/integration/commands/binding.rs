//! Where the servers listen, and what they say about it.

use super::peers::replies;
use crate::examples::{client_process::run, programs::example, server_process::ServerProcess};

#[test]
fn without_authentication_only_loopback_is_bound() {
    for address in ["0.0.0.0:0", "[::]:0", ":0"] {
        let mut server = example("remote-command-server");
        server.arg(address);
        let (status, output, errors) = run(server, b"");
        assert_eq!((status.code(), &*output), (Some(1), ""), "{address}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(address == ":0" || errors.contains("--insecure-no-auth"), "{errors}");
    }
    for address in ["127.0.0.1:0", "[::1]:0", "localhost:0", "127.8.9.10:0"] {
        ServerProcess::start("remote-command-server", &[address]).stop();
    }
}

#[test]
fn every_address_is_bound_if_that_is_asked_for_or_there_is_a_key() {
    let server = ServerProcess::start("remote-command-server", &["--insecure-no-auth", "0.0.0.0:0"]);
    assert!(server.address.starts_with("0.0.0.0:"), "{}", server.address);
    let Some(_) = replies(&server, ["i", "utf-8"], &["true"]) else { return };
    server.stop();
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    std::fs::write(&key, "secret\n").expect("a folder of ours");
    let key = key.to_str().expect("a name in UTF-8");
    for legacy in [&[][..], &["--legacy-md5"]] {
        let options = [&["--key-file", key, "0.0.0.0:0"], legacy].concat();
        ServerProcess::start("hmac-command-server", &options).stop();
    }
}

#[test]
fn a_key_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").expect("a folder of ours");
    let [empty, missing] = [empty, folder.path().join("missing")].map(|it| it.display().to_string());
    for program in ["hmac-command-server", "hmac-command-client"] {
        let wants = |arguments: &[&str], status, problem: &str| {
            let mut command = example(program);
            command.args(arguments);
            let (ended, output, errors) = run(command, b"");
            assert_eq!((ended.code(), &*output), (Some(status), ""), "{program}");
            assert!(errors.starts_with(problem), "{errors}");
        };
        wants(&[], 2, "--key-file is missing\nusage: ");
        wants(
            &["--key-file", &missing],
            1,
            &format!("Error: {missing}: the key could not be had: No such file"),
        );
        wants(&["--key-file", &empty], 1, &format!("Error: {empty}: the key is empty"));
    }
}

#[test]
fn the_options_are_told_on_demand_and_with_every_mistake() {
    for (program, own) in [("remote-command", "--insecure-no-auth"), ("hmac-command", "--key-file FILE")] {
        for end in ["server", "client"] {
            let program = format!("{program}-{end}");
            let mut command = example(&program);
            command.arg("--help");
            let (status, output, errors) = run(command, b"");
            assert_eq!((status.code(), &*errors), (Some(0), ""));
            for option in [own, "--header i32-native|u32-be", "--encoding utf-8|gbk", "--mixin", "--deadline"]
            {
                assert!(output.contains(option), "{output}");
            }
            let mut command = example(&program);
            command.args(["--header", "u64", "127.0.0.1:0"]);
            let (status, output, errors) = run(command, b"");
            assert_eq!((status.code(), &*output), (Some(2), ""));
            assert!(errors.contains("i32-native or u32-be") && errors.contains("usage: "), "{errors}");
        }
    }
}
