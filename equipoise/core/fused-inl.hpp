// Whether vectors of the target being compiled have a multiply-add that rounds once. Included once for every target.
#undef EQUIPOISE_FUSED
#if HWY_TARGET == HWY_SSE2 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || \
    HWY_TARGET == HWY_WASM || HWY_TARGET == HWY_WASM_EMU256 || defined(HWY_DISABLE_BMI2_FMA)
#define EQUIPOISE_FUSED 0
#else
#define EQUIPOISE_FUSED 1
#endif
