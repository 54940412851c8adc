//! stub
pub(crate) fn serve(_: &[String]) -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
