//! The index of the tutorial: all the chapters, in order; and no link that leads nowhere.

use super::{
    CHAPTERS,
    markdown::{folder, workspace},
};
use std::fs;

#[test]
fn the_index_lists_the_chapters_in_order() {
    let index = fs::read_to_string(folder().join("README.md")).expect("the index");
    let listed: Vec<_> = links(&index).filter(|link| CHAPTERS.contains(link)).collect();
    assert_eq!(listed, CHAPTERS);
    let readme = fs::read_to_string(workspace().join("README.md")).expect("the README");
    assert!(links(&readme).any(|link| link == "docs/tutorial/README.md"), "the README leads to the tutorial");
}

#[test]
fn links_lead_somewhere() {
    for place in [workspace(), workspace().join("docs"), folder(), folder().join("zh-CN")] {
        for file in fs::read_dir(&place).expect("a folder").flatten().map(|it| it.path()) {
            if file.extension().is_none_or(|it| it != "md") {
                continue;
            }
            let text = fs::read_to_string(&file).expect("a document");
            let local = |link: &&str| !link.starts_with("http") && !link.starts_with('#');
            for link in links(&text).filter(local) {
                let target = link.split('#').next().unwrap_or_default();
                assert!(place.join(target).exists(), "{}: {link}", file.display());
            }
        }
    }
}

/// What stands in `](…)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|it| it.split(')').next())
}
