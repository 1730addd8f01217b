//! Documents that carriers read: TwiML and its relatives.
