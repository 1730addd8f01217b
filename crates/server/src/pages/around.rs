//! The way around: which pages the owner finds in the margin of every page. A page is found there by a line here.

/// Pages that belong together.
pub(super) struct Group {
    /// Empty: these are what the others are about.
    pub(super) name: &'static str,
    pub(super) ways: &'static [Way],
}

/// One entry.
pub(super) struct Way {
    pub(super) to: &'static str,
    pub(super) name: &'static str,
    /// What the pages that belong to it call themselves in [`Frame::inside`](super::Frame::inside).
    pub(super) here: &'static str,
    /// The line of its picture, in a square of 24.
    pub(super) icon: &'static str,
}

const fn way(to: &'static str, name: &'static str, here: &'static str, icon: &'static str) -> Way {
    Way { to, name, here, icon }
}

pub(super) static GROUPS: [Group; 2] = [
    Group {
        name: "",
        ways: &[
            way(
                "/dashboard",
                "Dashboard",
                "dashboard",
                "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
            ),
            way(
                "/calls",
                "Calls",
                "calls",
                "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2",
            ),
            way("/appointments", "Appointments", "appointments", "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4"),
            way("/callers", "Callers", "callers", "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4 21a8 8 0 0 1 16 0"),
            way("/messages", "Messages", "messages", "M4 5h16v12H9l-5 4z"),
            way(
                "/assistants",
                "Assistants",
                "assistants",
                "M7 8h10a3 3 0 0 1 3 3v5a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3v-5a3 3 0 0 1 3-3M12 8V4M9 13h.01M15 13h.01M9.500 16h5",
            ),
            way("/phone", "Phone", "phone", "M9 4h6v10a3 3 0 0 1-6 0zM5.5 12a6.5 6.5 0 0 0 13 0M12 18.5V21"),
        ],
    },
    Group {
        name: "Tools and connections",
        ways: &[
            way(
                "/carriers",
                "Carriers",
                "carriers",
                "M5 20h14M12 20V9M8.5 12.5a5 5 0 1 1 7 0M6 15a8.5 8.5 0 1 1 12 0",
            ),
            way("/calendars", "Calendars", "calendars", "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M9 15l2 2 4-4"),
            way(
                "/tools",
                "Tools",
                "tools",
                "M14.5 6.5a4 4 0 0 1 5-1l-2.5 2.5 1.5 1.5L21 7a4 4 0 0 1-5.5 5L8 19.5a2 2 0 0 1-3-3L12.5 9a4 4 0 0 1 2-2.5",
            ),
            way("/servers", "MCP servers", "servers", "M4 4h16v7H4zM4 13h16v7H4zM8 7.5h.01M8 16.5h.01"),
            way("/programs", "Programs", "programs", "M8 8l-4 4 4 4M16 8l4 4-4 4M13.5 5l-3 14"),
            way("/outbox", "Outbox", "outbox", "M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 2h3L15 13h5"),
            way(
                "/settings",
                "Settings",
                "settings",
                "M4 7h9M19 7h1M13 7a3 3 0 1 0 6 0 3 3 0 0 0-6 0M4 17h1M11 17h9M5 17a3 3 0 1 0 6 0 3 3 0 0 0-6 0",
            ),
        ],
    },
];

/// What is about whoever is logged in, and about those who may be; behind "Your account".
pub(super) static ACCOUNT: [Way; 1] = [way(
    "/profile",
    "Profile",
    "profile",
    "M4 5h16v14H4zM9 9.5a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6M6 16.5a3 3 0 0 1 6 0M15 10h3M15 13.5h3",
)];
