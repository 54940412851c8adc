//! Shared by the topics.
