package leanvit.vit.weights;

import static leanvit.vit.weights.NamedParts.Trait.ABSOLUTE;
import static leanvit.vit.weights.NamedParts.Trait.CLASS_TOKEN;
import static leanvit.vit.weights.NamedParts.Trait.GATED;
import static leanvit.vit.weights.NamedParts.Trait.KEY_BIAS;
import static leanvit.vit.weights.NamedParts.Trait.NORM_BEFORE_POOLING;
import static leanvit.vit.weights.NamedParts.Trait.NO_BRANCH_BIAS;
import static leanvit.vit.weights.NamedParts.Trait.NO_LAST_NORM;
import static leanvit.vit.weights.NamedParts.Trait.POST_NORM;
import static leanvit.vit.weights.NamedParts.Trait.PRE_NORM;
import static leanvit.vit.weights.NamedParts.Trait.REGISTERS;
import static leanvit.vit.weights.NamedParts.Trait.RMS;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import leanvit.vit.weights.ArchitectureName.Size;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.Parts.Axes;
import leanvit.vit.weights.Parts.Branches;
import leanvit.vit.weights.Parts.Coordinates;
import leanvit.vit.weights.Parts.NormKind;
import leanvit.vit.weights.Parts.Pool;
import leanvit.vit.weights.Parts.Rotary;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * Names of timm's whose constructors have parts of their own, and which: EVA, EVA-02 and their CLIP towers, the rotary
 * ViTs, DINOv3 and LingBot, the Perception Encoders, AIMv2. A family is a row.
 *
 * @param names    of the row, whole but for a tag
 * @param rotary   rotary positions, or null; the Perception Encoders' reference grid is that of the name's own image
 * @param pooling  unless told otherwise
 * @param mlpRatio the MLP's channels over the width; 0 for that of the size
 * @param epsilon  of the norms
 */
record NamedParts(Pattern names, Rotary rotary, Pooling pooling, double mlpRatio, float epsilon, Set<Trait> traits) {

    /** What a row has. */
    enum Trait {
        /** An absolute position embedding. */
        ABSOLUTE,
        CLASS_TOKEN,
        /** Four of them. */
        REGISTERS,
        /** A bias of keys, where queries have one. */
        KEY_BIAS,
        /** An MLP with a gate. */
        GATED,
        /** A norm before the blocks. */
        PRE_NORM,
        /** Norms behind the branches. */
        POST_NORM,
        /** The last norm over all tokens, though a mean follows. */
        NORM_BEFORE_POOLING,
        NO_LAST_NORM,
        /** Norms by the root mean square. */
        RMS,
        /** Biases of a branch's layers need not be. */
        NO_BRANCH_BIAS
    }

    private static final int REGISTER_TOKENS = 4;
    /** Gated MLPs of DINOv3's kin have a multiple of this many channels. */
    private static final int ALIGNMENT = 8;
    private static final double TWO_THIRDS = 4 * 2 / 3.0;
    private static final float EPSILON = 1e-6f;
    private static final float TORCH_EPSILON = 1e-5f;

    private static final Rotary EVA02 =
            new Rotary(10_000, Coordinates.REFERENCE_GRID, 16, 16, Axes.ROWS_FIRST, true);
    private static final Rotary AXIAL = new Rotary(100, Coordinates.INDEX, 0, 0, Axes.COLUMNS_FIRST, true);
    private static final Rotary MIXED = new Rotary(10, Coordinates.INDEX, 0, 0, Axes.LEARNED, true);
    private static final Rotary DINOV3 = new Rotary(100, Coordinates.CENTRED, 0, 0, Axes.ROWS_FIRST, false);
    private static final Rotary PE =
            new Rotary(10_000, Coordinates.REFERENCE_GRID_FROM_ONE, 0, 0, Axes.COLUMNS_FIRST, true);
    private static final Rotary PE_FROM_ZERO =
            new Rotary(10_000, Coordinates.REFERENCE_GRID, 0, 0, Axes.COLUMNS_FIRST, true);
    private static final Pool PE_POOL = new Pool(8, 4, true);

    private static final List<NamedParts> TABLE = List.of(
            row("eva_giant_patch14_[0-9]+", null, Pooling.AVERAGE, 0, EPSILON, ABSOLUTE, CLASS_TOKEN),
            row("eva_giant_patch14_clip_[0-9]+", null, Pooling.TOKEN, 0, EPSILON, ABSOLUTE, CLASS_TOKEN),
            row("eva02_(?:tiny|small|base|large)_patch14_[0-9]+", EVA02, Pooling.AVERAGE, TWO_THIRDS, EPSILON,
                    ABSOLUTE, CLASS_TOKEN, GATED),
            row("eva02_(?:base|large)_patch1[46]_clip_[0-9]+", EVA02, Pooling.TOKEN, TWO_THIRDS, EPSILON,
                    ABSOLUTE, CLASS_TOKEN, GATED),
            row("eva02_enormous_patch14_clip_[0-9]+", null, Pooling.TOKEN, 0, EPSILON,
                    ABSOLUTE, CLASS_TOKEN, POST_NORM),
            row("vit_[a-z]+_patch16_rope_reg[0-9]+_gap_[0-9]+", EVA02, Pooling.AVERAGE, 0, EPSILON),
            row("vit_[a-z]+_patch16_rope_[0-9]+", AXIAL, Pooling.TOKEN, 0, EPSILON, CLASS_TOKEN, KEY_BIAS),
            row("vit_[a-z]+_patch16_rope_ape_[0-9]+", AXIAL, Pooling.TOKEN, 0, EPSILON,
                    ABSOLUTE, CLASS_TOKEN, KEY_BIAS),
            row("vit_[a-z]+_patch16_rope_mixed_[0-9]+", MIXED, Pooling.TOKEN, 0, EPSILON, CLASS_TOKEN, KEY_BIAS),
            row("vit_[a-z]+_patch16_rope_mixed_ape_[0-9]+", MIXED, Pooling.TOKEN, 0, EPSILON,
                    ABSOLUTE, CLASS_TOKEN, KEY_BIAS),
            row("vit_(?:tiny|small|base|large)_patch16_dinov3(?:_qkvb)?", DINOV3, Pooling.AVERAGE, 0, TORCH_EPSILON,
                    CLASS_TOKEN, REGISTERS, NORM_BEFORE_POOLING),
            row("vit_(?:small_plus|huge_plus|7b)_patch16_dinov3(?:_qkvb)?", DINOV3, Pooling.AVERAGE, 0, TORCH_EPSILON,
                    CLASS_TOKEN, REGISTERS, GATED, NORM_BEFORE_POOLING),
            row("vit_(?:small|base|large)_patch16_lingbot", DINOV3, Pooling.TOKEN, 0, TORCH_EPSILON,
                    CLASS_TOKEN, REGISTERS),
            row("vit_giant_patch16_lingbot", DINOV3, Pooling.TOKEN, TWO_THIRDS, TORCH_EPSILON,
                    CLASS_TOKEN, REGISTERS, GATED),
            row("vit_pe_core_(?:tiny|small|base|large)_patch1[46]_[0-9]+", PE, Pooling.ATTENTION, 0, TORCH_EPSILON,
                    ABSOLUTE, CLASS_TOKEN, KEY_BIAS, PRE_NORM),
            row("vit_pe_core_gigantic_patch14_[0-9]+", PE_FROM_ZERO, Pooling.ATTENTION, 0, TORCH_EPSILON,
                    ABSOLUTE, KEY_BIAS, PRE_NORM),
            row("vit_pe_(?:lang|spatial)_(?:tiny|small|base|large)_patch1[46]_[0-9]+", PE, Pooling.AVERAGE, 0,
                    TORCH_EPSILON, ABSOLUTE, CLASS_TOKEN, KEY_BIAS, PRE_NORM, NO_LAST_NORM),
            row("vit_pe_(?:lang|spatial)_gigantic_patch14_[0-9]+", PE_FROM_ZERO, Pooling.AVERAGE, 0, TORCH_EPSILON,
                    ABSOLUTE, KEY_BIAS, PRE_NORM, NO_LAST_NORM),
            row("aimv2_(?:large|huge|1b|3b)_patch14_[0-9]+", null, Pooling.AVERAGE, 0, TORCH_EPSILON,
                    ABSOLUTE, KEY_BIAS, GATED, NORM_BEFORE_POOLING, RMS, NO_BRANCH_BIAS),
            row("vit_base_patch16_rpn_[0-9]+", null, Pooling.AVERAGE, 0, EPSILON, ABSOLUTE, KEY_BIAS, POST_NORM));

    /** Sizes that these names have and others of that word do not, by what stands before the patch. */
    private static final Map<String, Size> SIZES = Map.ofEntries(
            Map.entry("eva02_enormous", new Size(1792, 64, 16, 15360 / 1792.0)),
            Map.entry("vit_small_plus", new Size(384, 12, 6, 4)),
            Map.entry("vit_huge_plus", new Size(1280, 32, 20, 4)),
            Map.entry("vit_7b", new Size(4096, 40, 32, 2)),
            Map.entry("vit_giant", new Size(1536, 40, 24, 4)),
            Map.entry("vit_pe_core_gigantic", new Size(1536, 50, 16, 8960 / 1536.0)),
            Map.entry("vit_pe_lang_large", new Size(1024, 23, 16, 4)),
            Map.entry("vit_pe_lang_gigantic", new Size(1536, 47, 16, 8960 / 1536.0)),
            Map.entry("vit_pe_spatial_gigantic", new Size(1536, 50, 16, 8960 / 1536.0)),
            Map.entry("aimv2_large", new Size(1024, 24, 8, 2.75)),
            Map.entry("aimv2_huge", new Size(1536, 24, 12, 2.6667)),
            Map.entry("aimv2_1b", new Size(2048, 24, 16, 2.75)),
            Map.entry("aimv2_3b", new Size(3072, 24, 24, 2.6667)));

    private static NamedParts row(String names, Rotary rotary, Pooling pooling, double mlpRatio, float epsilon,
                                Trait... traits) {
        Set<Trait> set = EnumSet.noneOf(Trait.class);
        set.addAll(List.of(traits));
        return new NamedParts(Pattern.compile(names + "(?:\\..*)?"), rotary, pooling, mlpRatio, epsilon, set);
    }

    /** Returns the row of a name, or null. */
    static NamedParts of(String name) {
        return TABLE.stream().filter(row -> row.names.matcher(name).matches()).findFirst().orElse(null);
    }

    boolean has(Trait trait) {
        return traits.contains(trait);
    }

    int registers() {
        return has(REGISTERS) ? REGISTER_TOKENS : 0;
    }

    /** Returns the size of a name that has one of its own; else {@code usual}, with the row's MLP. */
    Size size(String beforePatch, Size usual) {
        Size size = SIZES.getOrDefault(beforePatch, usual);
        return size == null || mlpRatio == 0 ? size : new Size(size.width(), size.depth(), size.heads(), mlpRatio);
    }

    /** Returns the MLP's channels. */
    int mlpHidden(int width, double ratio) {
        int hidden = (int) (width * ratio);
        return has(GATED) && rotary == DINOV3 ? (hidden + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : hidden;
    }

    /** Returns the parts; {@code grid} is the side of the patch grid of the name's own image. */
    Parts parts(int grid) {
        Parts parts = Parts.PLAIN.with(has(GATED) ? Activation.SILU : Activation.GELU).withGate(has(GATED))
                .with(has(POST_NORM) ? Branches.POST_NORM : Branches.PRE_NORM)
                .with(has(RMS) ? NormKind.RMS : NormKind.LAYER).withFinalNorm(!has(NO_LAST_NORM))
                .with(pooling == Pooling.ATTENTION ? PE_POOL : null);
        boolean own = rotary == PE || rotary == PE_FROM_ZERO;
        return parts.with(!own ? rotary
                : new Rotary(rotary.base(), rotary.coordinates(), grid, grid, rotary.axes(), rotary.interleaved()));
    }
}
