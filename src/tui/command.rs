//! The command table: everything a key, the palette or the help can name.

use super::actions::{
    emphasis, export, model, motion, page, quality, screen, space, stress, table, text, voice, work,
};
use super::state::State;
use super::update::Effects;

/// Where a command is valid. Every place of the app is described by a list of these, nearest
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Context {
    Anywhere,
    Screens,
    Report,
    Home,
    Reports,
    Data,
    Model,
    Models,
    Taps,
    Space,
    Scatter,
    Scree,
    Card,
    Heat,
    People,
    Labels,
    Figures,
    Voices,
    Systems,
    Emphasis,
    Pairs,
    Stress,
    StressWords,
    StressBars,
    StressSanity,
    Quality,
    QualityLayers,
    QualityWorst,
    Trust,
    Jobs,
    Log,
    Help,
    Palette,
    Filter,
    Export,
    Remake,
}

impl Context {
    /// Those that come with a report.
    pub(crate) const OF_A_REPORT: [Self; 22] = [
        Self::Report,
        Self::Data,
        Self::Space,
        Self::Scatter,
        Self::Scree,
        Self::Card,
        Self::Heat,
        Self::People,
        Self::Labels,
        Self::Figures,
        Self::Voices,
        Self::Systems,
        Self::Emphasis,
        Self::Pairs,
        Self::Stress,
        Self::StressWords,
        Self::StressBars,
        Self::StressSanity,
        Self::Quality,
        Self::QualityLayers,
        Self::QualityWorst,
        Self::Trust,
    ];

    /// Heading in the help and the keymap page.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Screens => "Every screen",
            Self::Report => "With a report open",
            Self::Home => "Home",
            Self::Reports => "Home: reports",
            Self::Data => "Data",
            Self::Model => "Model",
            Self::Models => "Model: models",
            Self::Taps => "Model: blocks and taps",
            Self::Space => "Speaker space",
            Self::Scatter => "Speaker space: scatter",
            Self::Scree => "Speaker space: scree",
            Self::Card => "Speaker space: component card",
            Self::Heat => "Speaker space: heat map",
            Self::People => "Speaker space: sex and age",
            Self::Labels => "Speaker space: labels to check",
            Self::Figures => "Speaker space: figures",
            Self::Voices => "Speaker space: voices",
            Self::Systems => "Speaker space: several systems",
            Self::Emphasis => "Emphasis",
            Self::Pairs => "Emphasis: pairs",
            Self::Stress => "Stress",
            Self::StressWords => "Stress: words",
            Self::StressBars => "Stress: figures",
            Self::StressSanity => "Stress: checks of the maps",
            Self::Quality => "Quality",
            Self::QualityLayers => "Quality: layers, systems and criteria",
            Self::QualityWorst => "Quality: worst utterances",
            Self::Trust => "Trust",
            Self::Jobs => "Jobs",
            Self::Log => "Log",
            Self::Help => "Help",
            Self::Palette => "Palette",
            Self::Filter => "Filter line",
            Self::Export => "Export",
            Self::Remake => "Command that makes it again",
        }
    }
}

/// One thing the app can do.
pub(crate) struct Command {
    /// Name in the palette and in the user's key file.
    pub(crate) id: &'static str,
    /// Two words for the hint bar; empty when it has no place there.
    pub(crate) hint: &'static str,
    /// One line for help and palette.
    pub(crate) doc: &'static str,
    /// Default keys.
    pub(crate) keys: &'static [&'static str],
    /// Where it is valid.
    pub(crate) contexts: &'static [Context],
    /// What it does.
    pub(crate) run: fn(&mut State, &mut Effects),
}

use Context::{
    Anywhere, Card, Data, Emphasis, Export, Filter, Heat, Help, Home, Jobs, Labels, Log, Model,
    Models, Pairs, Palette, Quality, QualityLayers, QualityWorst, Remake, Report, Reports, Scatter,
    Scree, Screens, Space, Stress, StressBars, StressSanity, StressWords, Systems, Taps, Trust,
    Voices,
};

macro_rules! commands {
    ($($id:literal $hint:literal $keys:tt $contexts:tt $doc:literal $run:expr;)*) => {
        &[$(Command { id: $id, hint: $hint, doc: $doc, keys: &$keys, contexts: &$contexts, run: $run }),*]
    };
}

/// Every command; the order is the order of help and hint bar.
pub(crate) static COMMANDS: &[Command] = commands! {
    "app.help" "help" ["?", "f1"] [Screens] "Show the keys that are valid here" screen::help;
    "app.palette" "commands" [":"] [Screens] "Find commands by name, key or description" screen::palette;
    "job.cancel" "cancel job" ["x"] [Jobs] "Cancel the selected job" work::cancel_selected;
    "demo.start" "demo" ["d"] [Home] "Run the demo: speech in, report out" work::start_demo;
    "report.open" "open" ["enter"] [Reports] "Open the report under the cursor" work::open_recent;
    "model.open" "open" ["enter"] [Models] "Open the model under the cursor, fetching it if need be" model::open;
    "tap.pick" "pick" ["space"] [Taps] "Pick the tap, or the block's taps, or put them back" model::pick;
    "block.fold" "fold" ["enter"] [Taps] "Fold or unfold the block" model::fold;
    "tap.pick_shown" "pick shown" ["a"] [Taps] "Pick every tap that the filter shows, or put them back" model::pick_shown;
    "model.command" "command" ["c"] [Taps] "Show the command that extracts the picked taps" model::command;
    "tap.clear" "" ["u"] [Taps] "Put all picked taps back" model::clear;
    "model.pane" "other pane" ["tab", "backtab"] [Model] "Switch between models and taps" model::next_pane;
    "brush.start" "brush" ["b"] [Scatter] "Start a box at the cursor" space::brush;
    "brush.accept" "select" ["enter"] [Scatter] "Select speakers in the box, or at the cursor" space::accept_brush;
    "axis.take" "to x axis" ["enter"] [Scree] "Put this component on the x axis" space::take_component;
    "colour.take" "colour by" ["enter"] [Card] "Colour the scatter by this column" space::take_column;
    "cell.take" "colour by" ["enter"] [Heat] "Scatter of this component, coloured by this descriptor" space::take_cell;
    "measure.next" "measure" ["r"] [Heat] "Show the next measure: r, β, ΔR², Shapley share" space::next_measure;
    "voice.select" "select" ["enter"] [Labels, Voices] "Select this voice everywhere" voice::select;
    "voice.play" "play" ["p"] [Labels, Voices] "Play this voice through the system's player, or stop it" voice::play;
    "item.next" "recording" ["."] [Voices] "Next recording of this voice" voice::next_item;
    "item.previous" "" [","] [Voices] "Previous recording of this voice" voice::previous_item;
    "system.next" "system" ["w"] [Systems] "Next system's space" space::next_system;
    "system.previous" "" ["W"] [Systems] "Previous system's space" space::previous_system;
    "system.beside" "" ["|"] [Systems] "Put the next system's scatter beside this one, or take it away" space::beside;
    "emphasis.play" "play" ["p"] [Pairs] "Play the changed version through the system's player, or stop it" emphasis::play;
    "emphasis.play_neutral" "neutral" ["P"] [Pairs] "Play the neutral version, or stop it" emphasis::play_neutral;
    "figure.next" "figure" ["r"] [Emphasis] "Show the next figure over the layers: cosine, dimension, duration, word, transfer" emphasis::next_figure;
    "figure.previous" "" ["R"] [Emphasis] "Show the figure before" emphasis::previous_figure;
    "condition.next" "condition" ["o"] [Emphasis] "Show the next condition" emphasis::next_condition;
    "condition.previous" "" ["O"] [Emphasis] "Show the condition before" emphasis::previous_condition;
    "emphasis.model.next" "model" ["w"] [Emphasis] "Next model's layers, residuals and pairs" emphasis::next_model;
    "emphasis.model.previous" "" ["W"] [Emphasis] "Previous model's layers, residuals and pairs" emphasis::previous_model;
    "stress.play" "play" ["p"] [StressWords] "Play the word through the system's player, or stop it" stress::play;
    "stress.play_other" "other" ["P"] [StressWords] "Play the other word of the minimal pair, or stop it" stress::play_other;
    "words.pairs" "pairs" ["m"] [StressWords] "List minimal pairs alone, all but them, or all words" stress::next_pairs;
    "words.verdict" "right/wrong" ["x"] [StressWords] "List words told right alone, told wrong alone, or all" stress::next_verdict;
    "words.speaker" "speaker" ["enter"] [StressWords] "List the words of this speaker alone, or of all" stress::only_speaker;
    "overlay.toggle" "relevance" ["a"] [StressWords] "Show relevance over the spectrogram, or hide it" stress::toggle_overlay;
    "overlay.more" "" ["+", "="] [StressWords] "Show relevance more strongly" stress::more_opaque;
    "overlay.less" "" ["-"] [StressWords] "Show relevance less strongly" stress::less_opaque;
    "overlay.tracks" "" ["f"] [StressWords] "Show vowels, pitch and formants over the spectrogram, or hide them" stress::toggle_tracks;
    "stress.figure.next" "figure" ["r"] [StressBars, StressSanity] "Show the next figure, or the next check" stress::next_figure;
    "stress.figure.previous" "" ["R"] [StressBars, StressSanity] "Show the figure or check before" stress::previous_figure;
    "composite.next" "composite" ["o"] [Stress] "Show maps by the next composite of rules" stress::next_composite;
    "composite.previous" "" ["O"] [Stress] "Show maps by the composite before" stress::previous_composite;
    "overlay.sign" "sign" ["s"] [StressWords, StressBars] "Show relevance for and against the score, for it, or against it" stress::next_sign;
    "group.next" "words" ["w"] [StressBars] "Figures of the next group of words: right, wrong, initial, final, pairs" stress::next_group;
    "group.previous" "" ["W"] [StressBars] "Figures of the group of words before" stress::previous_group;
    "quality.play" "play" ["p"] [QualityWorst] "Play the utterance through the system's player, or stop it" quality::play;
    "quality.play_moment" "moment" ["P"] [QualityWorst] "Play the moment under the cursor alone, or stop it" quality::play_moment;
    "quality.figure.next" "figure" ["r"] [Quality] "Show the next figure over the layers; the other list of utterances" quality::next_figure;
    "quality.figure.previous" "" ["R"] [Quality] "Show the figure before" quality::previous_figure;
    "quality.system.next" "system" ["o"] [QualityLayers] "Show the next system" quality::next_system;
    "quality.system.previous" "" ["O"] [QualityLayers] "Show the system before" quality::previous_system;
    "criterion.next" "criterion" ["s"] [QualityLayers] "Show the next thing that distances are ranked against" quality::next_criterion;
    "criterion.previous" "" ["S"] [QualityLayers] "Show the criterion before" quality::previous_criterion;
    "quality.model.next" "model" ["w"] [Quality] "Next model's layers and utterances" quality::next_model;
    "quality.model.previous" "" ["W"] [Quality] "Previous model's layers and utterances" quality::previous_model;
    "page.heat" "" ["H"] [Space] "Go to the heat map: components and descriptors" page::heat;
    "page.people" "" ["S"] [Space] "Go to sex, age and labels to check" page::people;
    "page.figures" "" ["F"] [Space] "Go to the other figures: regression, selection, systems compared" page::figures;
    "page.voices" "" ["V"] [Space] "Go to the voices at the ends of this component" page::voices;
    "colour.next" "colour" ["o"] [Space] "Colour by the next column" space::next_colour;
    "pane.next" "next pane" ["tab"] [Data, Space, Emphasis, Stress, Quality] "Next pane, or next table" motion::next_pane;
    "table.sort" "sort" ["s"] [Data] "Sort by this column: up, down, not at all" table::sort;
    "list.filter" "filter" ["/"] [Data, Taps, Log] "Filter: word column:value column>1; taps by part of a name or with *" table::open_filter;
    "row.mark" "mark" ["space"] [Data] "Select the row's speaker, or unselect it" table::mark;
    "view.table" "table" ["t"] [Space, Emphasis, Stress, Quality, Trust] "Show the table behind the picture" screen::table_behind;
    "view.export" "export" ["e"] [Data, Space, Emphasis, Stress, Quality, Trust] "Export what is shown: JSON, CSV, SVG" export::open;
    "view.copy" "copy" ["y"] [Screens] "Copy what is under the cursor" export::copy;
    "view.command" "command" ["c"] [Report] "Show the command that makes this again" screen::remake;
    "voice.hear" "" ["p"] [Scatter, Data] "Play the voice under the cursor, else the selected one, or stop it" voice::play;
    "colour.previous" "" ["O"] [Space] "Colour by the previous column" space::previous_colour;
    "axis.x.next" "x axis" ["]"] [Space] "Next component on the x axis" space::next_x;
    "axis.x.previous" "" ["["] [Space] "Previous component on the x axis" space::previous_x;
    "axis.y.next" "" ["}"] [Space] "Next component on the y axis" space::next_y;
    "axis.y.previous" "" ["{"] [Space] "Previous component on the y axis" space::previous_y;
    "marks.toggle" "" ["m"] [Space] "Switch between class glyphs and fine dots" space::toggle_marks;
    "selection.narrow" "only selected" ["v"] [Data, Space] "Show only selected rows in tables, or all" table::narrow;
    "selection.clear" "unselect" ["u"] [Data, Space] "Forget the selection" table::clear_selection;
    "selection.next" "" ["n"] [Data, Log] "Next selected row, or match in the log" table::next_selected;
    "selection.previous" "" ["N"] [Data, Log] "Previous selected row, or match in the log" table::previous_selected;
    "pane.previous" "" ["backtab"] [Data, Space, Emphasis, Stress, Quality] "Previous pane, or previous table" motion::previous_pane;
    "row.copy" "" ["Y"] [Data] "Copy the row as tab-separated values" export::copy_row;
    "screen.home" "" ["1"] [Screens] "Go to Home: reports and what was found" screen::home;
    "screen.data" "" ["2"] [Screens] "Go to Data: every table of the report" screen::data;
    "screen.model" "" ["3"] [Screens] "Go to Model: layer map and tap picker" screen::model;
    "screen.space" "" ["4"] [Screens] "Go to Speaker space: scatter, scree, card" screen::space;
    "screen.trust" "" ["5"] [Screens] "Go to Trust: what was measured of the run" screen::trust;
    "screen.jobs" "" ["6"] [Screens] "Go to Jobs: what runs and what ran" screen::jobs;
    "screen.log" "" ["7"] [Screens] "Go to Log" screen::log;
    "screen.emphasis" "" ["8"] [Screens] "Go to Emphasis: layers, residuals, directions, pairs" screen::emphasis;
    "screen.stress" "" ["9"] [Screens] "Go to Stress: words and their relevance, figures, checks, ledger" screen::stress;
    "screen.quality" "" ["0"] [Screens] "Go to Quality: layers, systems, criteria, worst utterances" screen::quality;
    "move.up" "" ["up", "k"] [Screens, Help, Export] "Move up" motion::up;
    "move.down" "" ["down", "j"] [Screens, Help, Export] "Move down" motion::down;
    "move.left" "" ["left", "h"] [Screens] "Move left" motion::left;
    "move.right" "" ["right", "l"] [Screens] "Move right" motion::right;
    "move.page_up" "" ["pageup", "ctrl-b"] [Screens, Help] "Move up by a page" motion::page_up;
    "move.page_down" "" ["pagedown", "ctrl-f"] [Screens, Help] "Move down by a page" motion::page_down;
    "move.first" "" ["g", "home"] [Screens, Help] "Move to the first" motion::first;
    "move.last" "" ["G", "end"] [Screens, Help] "Move to the last" motion::last;
    "export.accept" "write" ["enter"] [Export] "Write the file in the chosen format" export::accept;
    "remake.copy" "copy" ["y", "enter"] [Remake] "Copy the command" export::copy_command;
    "text.accept" "accept" ["enter"] [Palette, Filter] "Accept the line, or run the command found" text::accept;
    "text.next" "" ["down", "ctrl-n"] [Palette] "Next command found" text::next;
    "text.previous" "" ["up", "ctrl-p"] [Palette] "Previous command found" text::previous;
    "text.erase" "" ["backspace"] [Palette, Filter] "Erase the character before the cursor" text::erase;
    "text.erase_word" "" ["ctrl-w"] [Palette, Filter] "Erase the word before the cursor" text::erase_word;
    "text.clear" "" ["ctrl-u"] [Palette, Filter] "Erase the line" text::clear;
    "text.left" "" ["left"] [Palette, Filter] "Move the cursor left" text::left;
    "text.right" "" ["right"] [Palette, Filter] "Move the cursor right" text::right;
    "text.start" "" ["home", "ctrl-a"] [Palette, Filter] "Move the cursor to the start" text::start;
    "text.end" "" ["end", "ctrl-e"] [Palette, Filter] "Move the cursor to the end" text::end;
    "app.back" "back" ["esc"] [Anywhere] "Go back one level" screen::back;
    "app.quit" "quit" ["q"] [Screens, Help, Export, Remake] "Close what is on top, or quit" screen::quit;
    "app.interrupt" "" ["ctrl-c"] [Anywhere] "Cancel the running job, or quit" work::interrupt;
    "app.suspend" "" ["ctrl-z"] [Anywhere] "Suspend to the shell" work::suspend;
    "app.redraw" "" ["ctrl-l"] [Anywhere] "Draw the screen again" work::redraw;
};

/// The command called `id`.
pub(crate) fn find(id: &str) -> Option<usize> {
    COMMANDS.iter().position(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_command_is_described() {
        for (i, command) in COMMANDS.iter().enumerate() {
            assert_eq!(find(command.id), Some(i));
            assert!(
                !command.doc.is_empty() && !command.keys.is_empty(),
                "{}",
                command.id
            );
            assert!(!command.contexts.is_empty(), "{}", command.id);
            assert!(!command.doc.ends_with('.'), "{}", command.id);
        }
    }
}
