pub mod blob;
pub mod detect;
pub mod key;
pub mod line_hash;
pub mod lines;
pub mod read;
