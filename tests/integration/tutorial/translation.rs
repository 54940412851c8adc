//! A translation has the same code and the same sessions as the original, in the same order; they are tested there.

use super::{
    CHAPTERS,
    markdown::{Chapter, folder},
};

#[test]
fn the_translation_shows_the_same_code_and_sessions() {
    let translated = folder().join("zh-CN");
    let (there, missing): (Vec<&str>, Vec<&str>) =
        CHAPTERS.iter().partition(|name| translated.join(name).exists());
    assert!(there.is_empty() || missing.is_empty(), "not translated: {missing:?}");
    for name in there {
        let (original, translation) = (Chapter::read(name), Chapter::read(&format!("zh-CN/{name}")));
        // A drawing may have words in it.
        let shown = |chapter: Chapter| chapter.blocks.into_iter().filter(|block| block.kind != "text");
        let (original, translation): (Vec<_>, Vec<_>) =
            (shown(original).collect(), shown(translation).collect());
        for (original, translation) in original.iter().zip(&translation) {
            assert_eq!(original, translation);
        }
        assert_eq!(original.len(), translation.len(), "{name}: the number of blocks");
    }
}
