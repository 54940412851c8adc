//! Finding the examples' programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// An example, ready to be given arguments and started.
pub(crate) fn example(name: &str) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    Command::new(BUILT.get_or_init(built).join(name))
}

/// The mix-ins that a server offers, as it says itself.
pub(super) fn mixins(server: &str) -> Vec<String> {
    let output = example(server).arg("--help").output().expect("the example runs");
    let usage = String::from_utf8(output.stderr).expect("text");
    let (_, list) = usage.split_once("[--mixin ").unwrap_or_else(|| panic!("{server} offers none: {usage}"));
    list.split(']').next().unwrap_or_default().split('|').map(str::to_owned).collect()
}

/// The folder of the programs, all of them there and newer than their sources.
///
/// `cargo test --workspace` builds them before it starts the tests. When the tests alone are run, cargo builds no examples of other
/// packages, so there may be none, or old ones that would be tested in place of what was written since.
fn built() -> PathBuf {
    let this = env::current_exe().expect("a test is a file");
    let profile = this.ancestors().nth(2).expect("TARGET/PROFILE/deps/integration");
    let folder = profile.join("examples");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = fs::read_to_string(workspace.join("examples/Cargo.toml")).expect("the examples' manifest");
    let names = manifest.split("[[example]]").skip(1).filter_map(|it| it.split('"').nth(1));
    if !names.into_iter().all(|name| is_fresh(&folder.join(name))) {
        let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--package=socketserver-examples", "--examples"])
            .args(["--profile", profile_name(profile), "--manifest-path"])
            .arg(workspace.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(profile.parent().expect("TARGET/PROFILE"))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the examples can't be built");
    }
    folder
}

fn profile_name(folder: &Path) -> &str {
    match folder.file_name().and_then(|name| name.to_str()).expect("a profile's folder") {
        "debug" => "dev",
        name => name,
    }
}

/// Whether a program is newer than all that it is made of, which cargo lists beside it.
fn is_fresh(program: &Path) -> bool {
    let changed = |file: &Path| fs::metadata(file).and_then(|it| it.modified()).ok();
    let (Some(built), Ok(list)) = (changed(program), fs::read_to_string(program.with_extension("d"))) else {
        return false;
    };
    let sources = list.split_once(": ").map_or("", |(_, sources)| sources);
    sources.split_whitespace().all(|source| changed(Path::new(source)).is_some_and(|it| it <= built))
}
