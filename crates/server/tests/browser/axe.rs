//! Whether a page can be used by everybody, as far as axe-core can tell: <https://github.com/dequelabs/axe-core>.

use super::tab::Tab;
use serde_json::Value;
use std::{path::Path, process::Command, sync::LazyLock};

/// WCAG of level A and AA, up to 2.2.
const LEVELS: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']";
/// What depends on colours: in another theme nothing else can be otherwise.
const OF_COLOURS: &str = "['color-contrast', 'link-in-text-block']";

static AXE: LazyLock<String> = LazyLock::new(|| {
    let node = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/node");
    let said = Command::new(node).arg("--path").output().expect("scripts/node runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let folder = String::from_utf8(said.stdout).expect("a path");
    std::fs::read_to_string(Path::new(folder.trim()).join("axe-core/axe.min.js"))
        .expect("axe-core is installed")
});

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    All,
    Colours,
}

/// What is wrong with the page as it is seen now, each with where.
pub async fn violations(tab: &Tab, look: Look) -> Vec<String> {
    if tab.run("typeof axe").await != "object" {
        tab.run(&AXE).await;
    }
    let only = match look {
        Look::All => format!("{{type: 'tag', values: {LEVELS}}}"),
        Look::Colours => format!("{{type: 'rule', values: {OF_COLOURS}}}"),
    };
    let asked = format!("axe.run(document, {{runOnly: {only}, resultTypes: ['violations']}})");
    let judged = tab.run(&format!("{asked}.then((judged) => judged.violations)")).await;
    let violations = judged.as_array().expect("axe answers");
    let told = |violation: &Value| {
        let nodes = violation["nodes"].as_array().into_iter().flatten();
        let nodes = nodes.map(|node| format!("\n    {} {}", node["html"], node["failureSummary"]));
        format!("{}: {}{}", violation["id"], violation["help"], nodes.take(5).collect::<String>())
    };
    violations.iter().map(told).collect()
}
