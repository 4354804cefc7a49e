//! Choosing taps by pattern.

use phonoscope_models::{Model, Tap};

use crate::error::{Error, Result};

/// The model's taps that match any of `patterns`, in the model's order; `*` stands for any run of
/// characters. Without patterns: the model's embedding, or every tap of a model that has none.
///
/// # Errors
/// When a pattern matches nothing.
pub fn select_taps(model: &Model, patterns: &[String]) -> Result<Vec<Tap>> {
    if patterns.is_empty() {
        let embedding = model.embedding.as_ref().map(|e| e.tap.as_str());
        return Ok(model
            .taps
            .iter()
            .filter(|t| embedding.is_none_or(|name| name == t.name))
            .cloned()
            .collect());
    }
    for pattern in patterns {
        if !model.taps.iter().any(|t| matches(pattern, &t.name)) {
            let names: Vec<&str> = model.taps.iter().map(|t| t.name.as_str()).take(12).collect();
            return Err(Error::Request {
                problem: format!("model `{}` has no tap that fits `{pattern}`", model.name),
                hint: format!(
                    "its taps: {}{}",
                    names.join(", "),
                    if model.taps.len() > names.len() { ", …" } else { "" }
                ),
            });
        }
    }
    let chosen = |tap: &&Tap| patterns.iter().any(|p| matches(p, &tap.name));
    Ok(model.taps.iter().filter(chosen).cloned().collect())
}

/// Whether `name` fits `pattern`, in which `*` stands for any run of characters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    let mut rest = rest;
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, fits) in [
            ("encoder.*.resid_post", "encoder.3.resid_post", true),
            ("encoder.*.resid_post", "encoder.3.resid_mid", false),
            ("embedding", "embedding", true),
            ("embedding", "embedding2", false),
            ("*", "anything", true),
            ("a*a", "a", false),
            ("*.attn.*", "encoder.0.attn.probs", true),
            ("lstm.*", "lstm.", true),
            ("é*", "éa", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
