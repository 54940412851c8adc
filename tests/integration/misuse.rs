//! What must not compile doesn't, and the compiler's message says what to do instead.
//!
//! The messages are compared with the `.stderr` files in `ui/`. After a change that is meant to change them, or with another compiler,
//! run this with `TRYBUILD=overwrite`, and read what has become of them as a newcomer would.

#[test]
fn misuse_does_not_compile_and_is_told_what_to_do() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
