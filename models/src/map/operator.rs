//! What operators do, as far as the map asks.

use crate::wire::{Node, Setting};

/// Kind of a recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Lstm,
    Gru,
    Rnn,
}

/// Operators that are alike to the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// A matrix product.
    Linear,
    /// A convolution.
    Conv,
    /// A transposed convolution.
    Upconv,
    /// A recurrent layer.
    Recurrent(Cell),
    /// Attention as one operator.
    Attention,
    /// Softmax over one axis.
    Softmax,
    /// Normalisation by statistics of the value or of the training data.
    Norm,
    /// A sum and its norm as one operator.
    SkipNorm,
    /// A sum of two or more values.
    Add,
    /// Product, quotient, difference, power, greatest, smallest: element by element.
    Arithmetic,
    /// A function of each element.
    Unary,
    /// A choice between two values, element by element.
    Where,
    /// The value itself in another number format.
    Pass,
    /// The same elements in another arrangement.
    Arrange,
    /// A greatest or mean over neighbouring steps.
    Pool,
    /// A statistic over axes.
    Reduce,
    /// The shape of a value.
    Shape,
    /// Something with a body of its own.
    Body,
    /// A stored value.
    Constant,
    /// Anything else.
    Other,
}

impl Op {
    /// What `node` is.
    pub(super) fn of(node: &Node) -> Self {
        let has_body = |(_, setting): &(String, Setting)| matches!(setting, Setting::Graph(_));
        if node.attributes.iter().any(has_body) {
            return Self::Body;
        }
        match node.operator.as_str() {
            "MatMul"
            | "Gemm"
            | "FusedMatMul"
            | "FusedGemm"
            | "TransposeMatMul"
            | "MatMulInteger"
            | "MatMulInteger16"
            | "MatMulIntegerToFloat"
            | "DynamicQuantizeMatMul"
            | "QLinearMatMul"
            | "QGemm"
            | "MatMulNBits"
            | "MatMulBnb4"
            | "FusedMatMulActivation"
            | "Einsum" => Self::Linear,
            "Conv" | "FusedConv" | "NhwcFusedConv" | "NhwcConv" | "ConvInteger" | "QLinearConv" => {
                Self::Conv
            }
            "ConvTranspose" => Self::Upconv,
            "LSTM" | "DynamicQuantizeLSTM" => Self::Recurrent(Cell::Lstm),
            "GRU" => Self::Recurrent(Cell::Gru),
            "RNN" => Self::Recurrent(Cell::Rnn),
            "Attention"
            | "MultiHeadAttention"
            | "QAttention"
            | "GroupQueryAttention"
            | "DecoderAttention"
            | "DecoderMaskedMultiHeadAttention"
            | "LongformerAttention"
            | "PackedAttention"
            | "PackedMultiHeadAttention"
            | "RelativePositionAttention" => Self::Attention,
            "Softmax" | "BiasSoftmax" | "QLinearSoftmax" | "LogSoftmax" => Self::Softmax,
            "LayerNormalization"
            | "SimplifiedLayerNormalization"
            | "RMSNormalization"
            | "BatchNormalization"
            | "InstanceNormalization"
            | "GroupNormalization"
            | "GroupNorm"
            | "LpNormalization"
            | "MeanVarianceNormalization" => Self::Norm,
            "SkipLayerNormalization" | "SkipSimplifiedLayerNormalization" => Self::SkipNorm,
            "Add" | "Sum" | "QLinearAdd" => Self::Add,
            "Mul" | "Div" | "Sub" | "Pow" | "Max" | "Min" | "QLinearMul" | "Mod" | "And" | "Or"
            | "Equal" | "Less" | "Greater" | "LessOrEqual" | "GreaterOrEqual" | "PRelu"
            | "BiasGelu" | "Xor" => Self::Arithmetic,
            "Relu" | "LeakyRelu" | "Gelu" | "FastGelu" | "QuickGelu" | "Sigmoid" | "Tanh"
            | "Erf" | "Elu" | "Selu" | "Celu" | "HardSigmoid" | "HardSwish" | "Swish" | "Silu"
            | "Mish" | "Softplus" | "Softsign" | "Clip" | "Exp" | "Log" | "Sqrt" | "Rsqrt"
            | "Reciprocal" | "Abs" | "Neg" | "Sin" | "Cos" | "Floor" | "Ceil" | "Round" | "Not"
            | "ThresholdedRelu" | "Sign" | "IsNaN" | "IsInf" | "QLinearSigmoid"
            | "QLinearLeakyRelu" | "Atan" | "CumSum" | "Trilu" | "ScaledTanh" => Self::Unary,
            "Where" => Self::Where,
            "QuantizeLinear"
            | "DequantizeLinear"
            | "Cast"
            | "CastLike"
            | "Identity"
            | "Dropout"
            | "DynamicQuantizeLinear" => Self::Pass,
            "Reshape" | "Transpose" | "Squeeze" | "Unsqueeze" | "Flatten" => Self::Arrange,
            "MaxPool" | "AveragePool" | "LpPool" | "QLinearAveragePool" => Self::Pool,
            "ReduceMean" | "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceL1" | "ReduceL2"
            | "ReduceProd" | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceSumSquare" | "ArgMax"
            | "ArgMin" | "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => Self::Reduce,
            "Shape" | "Size" => Self::Shape,
            "If" | "Loop" | "Scan" => Self::Body,
            "Constant" => Self::Constant,
            _ => Self::Other,
        }
    }

    /// Whether each element of the result comes from the elements at its place.
    pub(super) fn is_elementwise(self) -> bool {
        matches!(
            self,
            Self::Add | Self::Arithmetic | Self::Unary | Self::Where | Self::Pass
        )
    }
}

/// Which input of a matrix product or convolution holds the weights where they are weights, and
/// which the values.
pub(super) fn operands(node: &Node) -> (usize, usize) {
    match node.operator.as_str() {
        "QLinearMatMul" | "QLinearConv" | "QGemm" => (0, 3),
        _ => (0, 1),
    }
}
