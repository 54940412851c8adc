//! Processes side by side.
