// Whether the target being compiled has vectors with a multiply-add that rounds once. Vectors whose width is known at
// run time alone (SVE, RVV) cannot be held in arrays and count as none. Included once for every target.
#undef EQUIPOISE_FUSED
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || \
    HWY_TARGET == HWY_WASM || HWY_TARGET == HWY_WASM_EMU256 || HWY_HAVE_SCALABLE || defined(HWY_DISABLE_BMI2_FMA)
#define EQUIPOISE_FUSED 0
#else
#define EQUIPOISE_FUSED 1
#endif

// The entry of Highway's table of a function that was exported, for a target's index.
#undef EQUIPOISE_AT
#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0  // Highway's tables then have one entry
#define EQUIPOISE_AT(function, index) HWY_DISPATCH_TABLE(function)[(index)*0]
#else
#define EQUIPOISE_AT(function, index) HWY_DISPATCH_TABLE(function)[index]
#endif
