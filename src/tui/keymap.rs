//! Which key runs which command where: defaults, the user's changes, and the reference page.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde::Deserialize;

use super::command::{COMMANDS, Context, find};
use super::keys::Key;

/// Bindings in force.
#[derive(Debug, Clone)]
pub(crate) struct Keymap {
    bindings: HashMap<(Context, Key), usize>,
    /// Keys of each command, in the order given.
    keys: Vec<Vec<Key>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

impl Keymap {
    /// The defaults changed by `toml` (a `[keys]` table from command id to key names), and what is
    /// wrong with it: unknown ids, unknown keys, keys bound twice. What is right still counts.
    pub(crate) fn with_user(toml: &str) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let file = toml::from_str(toml).unwrap_or_else(|e: toml::de::Error| {
            problems.push(format!("cannot read the key file: {}", e.message()));
            KeyFile {
                keys: BTreeMap::new(),
            }
        });
        let mut user: BTreeMap<usize, Vec<Key>> = BTreeMap::new();
        for (id, names) in &file.keys {
            let Some(command) = find(id) else {
                problems.push(format!("unknown command `{id}` in the key file"));
                continue;
            };
            let mut keys = Vec::new();
            for name in names {
                match Key::parse(name) {
                    Ok(key) => keys.push(key),
                    Err(why) => problems.push(format!("`{id}`: {why}")),
                }
            }
            user.insert(command, keys);
        }
        let mut map = Self {
            bindings: HashMap::new(),
            keys: vec![Vec::new(); COMMANDS.len()],
        };
        for (&command, keys) in &user {
            keys.iter()
                .for_each(|key| map.bind(command, *key, &mut problems));
        }
        for (command, row) in COMMANDS.iter().enumerate() {
            if !user.contains_key(&command) {
                let keys = row.keys.iter().filter_map(|name| Key::parse(name).ok());
                keys.for_each(|key| map.bind(command, key, &mut problems));
            }
        }
        (map, problems)
    }

    fn bind(&mut self, command: usize, key: Key, problems: &mut Vec<String>) {
        let Some(row) = COMMANDS.get(command) else {
            return;
        };
        let mut bound = false;
        for &context in row.contexts {
            let before = *self.bindings.entry((context, key)).or_insert(command);
            if before == command {
                bound = true;
            } else if let Some(other) = COMMANDS.get(before) {
                problems.push(format!(
                    "`{key}` is bound to both `{}` and `{}` ({}): the first is used",
                    other.id,
                    row.id,
                    context.title()
                ));
            }
        }
        if let (true, Some(keys)) = (bound, self.keys.get_mut(command)) {
            keys.push(key);
        }
    }

    /// The command that `key` runs in the nearest of `contexts`.
    pub(crate) fn resolve(&self, contexts: &[Context], key: Key) -> Option<usize> {
        contexts
            .iter()
            .find_map(|context| self.bindings.get(&(*context, key)).copied())
    }

    /// The first key that really runs `command` in `contexts`.
    pub(crate) fn key_here(&self, contexts: &[Context], command: usize) -> Option<Key> {
        let keys = self.keys.get(command)?;
        keys.iter()
            .copied()
            .find(|key| self.resolve(contexts, *key) == Some(command))
    }

    /// All keys of `command`, for people.
    pub(crate) fn keys_of(&self, command: usize) -> String {
        let keys = self.keys.get(command).map_or(&[][..], Vec::as_slice);
        keys.iter()
            .map(Key::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// What is wrong with a user's key file, line by line; empty when it can be used as it is.
pub fn check_keys(toml: &str) -> Vec<String> {
    Keymap::with_user(toml).1
}

/// The reference page of all commands and default keys, in Markdown.
pub fn keymap_page() -> String {
    let (map, _) = Keymap::with_user("");
    let mut page = String::from(
        "# Keys\n\n\
         Made from the program's command table; a test fails when it is stale.\n\n\
         `?` shows the keys valid where you are, `:` finds any command. Keys are changed by command\n\
         id in the key file:\n\n\
         ```toml\n[keys]\n\"table.sort\" = [\"s\", \"f3\"]\n\"app.help\" = [\"?\"]\n```\n\n\
         Key names: a character, `up down left right enter esc tab backtab backspace delete home end\n\
         pageup pagedown space insert f1`–`f12`, with `ctrl-`, `alt-` or `shift-` before them.\n",
    );
    let mut contexts: Vec<Context> = COMMANDS
        .iter()
        .flat_map(|c| c.contexts.iter().copied())
        .collect();
    contexts.sort_unstable();
    contexts.dedup();
    for context in contexts {
        let _ = write!(
            page,
            "\n## {}\n\n| keys | command | does |\n| --- | --- | --- |\n",
            context.title()
        );
        for (i, command) in COMMANDS.iter().enumerate() {
            if command.contexts.contains(&context) {
                let keys: Vec<String> = map
                    .keys_of(i)
                    .split(' ')
                    // A bar would end the cell.
                    .map(|key| format!("`{}`", key.replace('|', "\\|")))
                    .collect();
                let _ = writeln!(
                    page,
                    "| {} | `{}` | {} |",
                    keys.join(" "),
                    command.id,
                    command.doc
                );
            }
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::parse(name).unwrap()
    }

    fn id(map: &Keymap, contexts: &[Context], name: &str) -> Option<&'static str> {
        map.resolve(contexts, key(name)).map(|i| COMMANDS[i].id)
    }

    #[test]
    fn defaults_parse_and_bind_nothing_twice() {
        assert_eq!(check_keys(""), Vec::<String>::new());
        for command in COMMANDS {
            for name in command.keys {
                assert_eq!(Key::parse(name).unwrap().to_string(), *name);
            }
        }
    }

    #[test]
    fn the_nearest_context_wins() {
        let (map, _) = Keymap::with_user("");
        let scree = [
            Context::Scree,
            Context::Space,
            Context::Screens,
            Context::Anywhere,
        ];
        assert_eq!(id(&map, &scree, "enter"), Some("axis.take"));
        assert_eq!(id(&map, &scree, "o"), Some("colour.next"));
        assert_eq!(id(&map, &scree, "q"), Some("app.quit"));
        assert_eq!(id(&map, &[Context::Help, Context::Anywhere], "o"), None);
    }

    #[test]
    fn users_rebind_by_id_and_mistakes_are_named() {
        let toml = "[keys]\n\"table.sort\" = [\"f3\"]\n\"no.such\" = [\"x\"]\n\
                    \"row.mark\" = [\"hyper-q\", \"/\"]\n\"row.copy\" = [\"ctrl-m\"]\n";
        let (map, problems) = Keymap::with_user(toml);
        assert_eq!(id(&map, &[Context::Data], "f3"), Some("table.sort"));
        assert_eq!(id(&map, &[Context::Data], "s"), None);
        assert_eq!(id(&map, &[Context::Data], "/"), Some("row.mark"));
        let text = problems.join("\n");
        for part in [
            "no.such",
            "hyper-q",
            "ctrl-m",
            "`/` is bound to both `row.mark`",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(check_keys("keys = 3").join("").contains("cannot read"));
    }

    #[test]
    fn the_reference_page_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/keymap.md");
        let page = keymap_page();
        if std::env::var_os("PHONOSCOPE_BLESS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == page,
            "stale: run this test with PHONOSCOPE_BLESS=1"
        );
    }
}
