//! Tables of a report: columns with meaning and units, stored column by column.

use phonoscope_analysis::Estimate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table whose columns have one entry per row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Stable name, for example `components`; unique within its system.
    pub id: String,
    /// The system it speaks of, one of the report's; nothing for tables of the corpus or of all systems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Heading for people.
    pub title: String,
    /// What a row is and how the numbers were made.
    pub meaning: String,
    /// Columns in reading order; all of the same length; ids are unique.
    pub columns: Vec<Column>,
}

/// One column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Stable name, for example `explained_variance_ratio`.
    pub id: String,
    /// What the numbers are.
    pub meaning: String,
    /// Unit, or nothing for pure numbers and words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What part the column plays, for views that plot tables they have not seen before.
    pub role: Role,
    /// The entries.
    pub data: Data,
}

/// What part a column plays in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Names the row.
    Key,
    /// Came with the corpus (speaker, sex, recording).
    Metadata,
    /// Was computed.
    Value,
}

/// Entries of a column; a missing one is `null` (never NaN).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// Finite numbers.
    Number(Vec<Option<f64>>),
    /// Words.
    Text(Vec<Option<String>>),
    /// Numbers with intervals.
    Estimate(Vec<Option<Estimate>>),
}

impl Data {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Number(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::Estimate(v) => v.len(),
        }
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Column {
    /// A column of words.
    pub fn text(id: &str, role: Role, meaning: &str, values: Vec<Option<String>>) -> Self {
        Self::new(id, role, meaning, None, Data::Text(values))
    }

    /// A column of numbers; values that are not finite become missing.
    pub fn number(
        id: &str,
        role: Role,
        meaning: &str,
        unit: Option<&str>,
        values: impl IntoIterator<Item = f64>,
    ) -> Self {
        let values = values
            .into_iter()
            .map(|v| v.is_finite().then_some(v))
            .collect();
        Self::new(id, role, meaning, unit, Data::Number(values))
    }

    /// A column of numbers with intervals; one of which a number is not finite becomes missing.
    pub fn estimate(
        id: &str,
        meaning: &str,
        unit: Option<&str>,
        values: Vec<Option<Estimate>>,
    ) -> Self {
        let finite = |e: &Estimate| [e.value, e.lo, e.hi, e.level].iter().all(|v| v.is_finite());
        let values = values.into_iter().map(|e| e.filter(finite)).collect();
        Self::new(id, Role::Value, meaning, unit, Data::Estimate(values))
    }

    fn new(id: &str, role: Role, meaning: &str, unit: Option<&str>, data: Data) -> Self {
        Self {
            id: id.into(),
            meaning: meaning.into(),
            unit: unit.map(Into::into),
            role,
            data,
        }
    }

    /// The number in `row`: a number itself, or the value of an estimate.
    pub fn value(&self, row: usize) -> Option<f64> {
        match &self.data {
            Data::Number(v) => v.get(row).copied().flatten(),
            Data::Estimate(v) => v.get(row).copied().flatten().map(|e| e.value),
            Data::Text(_) => None,
        }
    }

    /// The estimate in `row`, if this column holds estimates.
    pub fn estimate_at(&self, row: usize) -> Option<Estimate> {
        match &self.data {
            Data::Estimate(v) => v.get(row).copied().flatten(),
            _ => None,
        }
    }

    /// The words in `row`, if this column holds words.
    pub fn text_at(&self, row: usize) -> Option<&str> {
        match &self.data {
            Data::Text(v) => v.get(row).and_then(|x| x.as_deref()),
            _ => None,
        }
    }
}

impl Table {
    /// A table that belongs to no system.
    pub fn new(id: &str, title: &str, meaning: &str, columns: Vec<Column>) -> Self {
        Self {
            id: id.into(),
            system: None,
            title: title.into(),
            meaning: meaning.into(),
            columns,
        }
    }

    /// The same table as one of `system`.
    pub fn of_system(self, system: &str) -> Self {
        Self {
            system: Some(system.into()),
            ..self
        }
    }

    /// Whether this is the table `id` of `system`.
    pub fn is(&self, system: Option<&str>, id: &str) -> bool {
        self.id == id && self.system.as_deref() == system
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |c| c.data.len())
    }

    /// The column with this id.
    pub fn column(&self, id: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::estimate::Method;

    #[test]
    fn what_is_not_finite_is_written_as_missing_and_read_again() {
        let estimate = |value, lo| Estimate {
            value,
            lo,
            hi: 1.0,
            n: 3,
            level: 0.95,
            method: Method::ClusterBootstrap,
        };
        let whole = estimate(0.5, 0.0);
        let made = [Some(whole), Some(estimate(f64::NAN, 0.0)), None];
        let estimates = Column::estimate("e", "", None, made.into());
        assert_eq!(
            estimates.data,
            Data::Estimate(vec![Some(whole), None, None])
        );
        let half = vec![Some(estimate(0.5, f64::INFINITY))];
        assert_eq!(
            Column::estimate("e", "", None, half).data,
            Data::Estimate(vec![None])
        );
        let text = serde_json::to_string(&estimates).unwrap();
        assert_eq!(serde_json::from_str::<Column>(&text).unwrap(), estimates);
    }
}
