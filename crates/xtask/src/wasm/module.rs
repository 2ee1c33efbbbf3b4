//! Kernels put together.

use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, FunctionSection, MemorySection, MemoryType, Module, TypeSection,
    ValType,
};

use super::code::Lanes;
use super::kernels;

/// The module whose search by hash looks at that many candidates at once. Exports `memory`, `hash` and `walk`.
pub(super) fn bytes(lanes: Lanes) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32, ValType::I32], [ValType::I32]);
    types.ty().function([], []);

    let mut functions = FunctionSection::new();
    functions.function(0).function(0).function(1);

    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: kernels::PAGES,
        maximum: Some(kernels::PAGES),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });

    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("hash", ExportKind::Func, 0).export("walk", ExportKind::Func, 1);

    let mut codes = CodeSection::new();
    codes.function(&kernels::hash(lanes)).function(&kernels::walk(2)).function(&kernels::compress());

    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&codes);
    module.finish()
}
