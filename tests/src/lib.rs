//! End-to-end tests named by what they prove, the tidy tests and golden bytes.
