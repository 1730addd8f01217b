//! What the tools promise, on a store in memory and in simulated time.

mod asking;
mod booking;
mod changing;
mod hostile;
mod injection;
mod kinds;
mod looking;
mod office;
mod own;
mod set;
