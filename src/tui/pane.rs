//! The panes and pages of the Speaker space.

/// The pane that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pane {
    #[default]
    Scatter,
    Scree,
    Card,
    /// Components × descriptors.
    Heat,
    Sex,
    Age,
    /// Labels that the embedding doubts.
    Labels,
    /// Every other table with intervals.
    Figures,
    /// Voices at the ends of a component, with their sound.
    Voices,
}

/// Panes that share the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Overview,
    Heat,
    People,
    Figures,
    Voices,
}

impl Pane {
    pub(crate) const ALL: [Self; 9] = [
        Self::Scatter,
        Self::Scree,
        Self::Card,
        Self::Heat,
        Self::Sex,
        Self::Age,
        Self::Labels,
        Self::Figures,
        Self::Voices,
    ];

    pub(crate) const fn page(self) -> Page {
        match self {
            Self::Scatter | Self::Scree | Self::Card => Page::Overview,
            Self::Heat => Page::Heat,
            Self::Sex | Self::Age | Self::Labels => Page::People,
            Self::Figures => Page::Figures,
            Self::Voices => Page::Voices,
        }
    }

    /// The table of the pane, where it is always the same.
    pub(crate) const fn table(self) -> Option<&'static str> {
        match self {
            Self::Scatter | Self::Voices => Some("speakers"),
            Self::Scree => Some("components"),
            Self::Heat => Some("pc_cards"),
            Self::Sex => Some("sex"),
            Self::Age => Some("age"),
            Self::Labels => Some("suspicious_labels"),
            Self::Card | Self::Figures => None,
        }
    }
}

/// Tables that the figures page shows, in this order, where the report has them.
pub(crate) const FIGURE_TABLES: [&str; 11] = [
    "regression",
    "selection",
    "baselines",
    "sensitivity",
    "similarity",
    "angles",
    "matched_components",
    "verification",
    "recording",
    "sex_slopes",
    "pc_fits",
];

/// How points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Marks {
    /// One glyph per cell, another for each class.
    #[default]
    Glyphs,
    /// Eight dots per cell.
    Dots,
}
