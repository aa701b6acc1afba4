package leanvit.vit.weights;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import leanvit.vit.weights.NamedParts.Trait;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.Parts.Branches;
import leanvit.vit.weights.Parts.NormKind;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * A name of timm's for a plain Vision Transformer, such as {@code vit_base_patch16_clip_224},
 * {@code deit_tiny_distilled_patch16_224}, {@code vit_small_patch14_reg4_dinov2}, taken apart. It stands for the
 * arguments of a constructor, which a config need not repeat.
 *
 * @param family    "vit", "deit", "deit3", "flexivit", "eva", "eva02", "beit", "beitv2", "beit3", "vit_pe_core",
 *                  "test", ...
 * @param size      "tiny", "base", "small_plus", ...
 * @param distilled whether the name says so
 * @param patch     side of a patch, pixels
 * @param image     side of the image, pixels; 0 if the name does not say
 * @param words     what else the name says
 * @param own       the parts of a constructor of its own; null where it is a plain one
 */
record ArchitectureName(String family, String size, boolean distilled, int patch, int image, List<String> words,
                        NamedParts own) {

    /** Width, depth, heads, and the MLP's first layer's rows over the width. */
    record Size(int width, int depth, int heads, double mlpRatio) {
    }

    /** By the word of a name. Width / heads is 64 up to large, then 80, 88, 104. */
    private static final Map<String, Size> SIZES = Map.ofEntries(
            Map.entry("tiny", new Size(192, 12, 3, 4)),
            Map.entry("wee", new Size(256, 14, 4, 5)),
            Map.entry("pwee", new Size(256, 16, 4, 5)),
            Map.entry("xsmall", new Size(256, 10, 4, 4)),
            Map.entry("little", new Size(320, 14, 5, 5.6)),
            Map.entry("small", new Size(384, 12, 6, 4)),
            Map.entry("medium", new Size(512, 12, 8, 4)),
            Map.entry("mediumd", new Size(512, 20, 8, 4)),
            Map.entry("betwixt", new Size(640, 12, 10, 4)),
            Map.entry("base", new Size(768, 12, 12, 4)),
            Map.entry("so150m", new Size(896, 18, 14, 2.572)),
            Map.entry("so150m2", new Size(832, 21, 13, 34.0 / 13)),
            Map.entry("large", new Size(1024, 24, 16, 4)),
            Map.entry("intern300m", new Size(1024, 24, 16, 4)),
            Map.entry("so400m", new Size(1152, 27, 16, 3.7362)),
            Map.entry("huge", new Size(1280, 32, 16, 4)),
            Map.entry("giant", new Size(1408, 40, 16, 48.0 / 11)),
            Map.entry("giantopt", new Size(1536, 40, 16, 4)),
            Map.entry("gigantic", new Size(1664, 48, 16, 64.0 / 13)));
    /** timm's small ones for tests. */
    private static final Map<String, Size> TEST_SIZES = Map.of("vit", new Size(64, 6, 2, 3),
            "vit2", new Size(64, 8, 2, 3), "vit3", new Size(96, 9, 3, 2), "vit4", new Size(96, 9, 3, 3));
    private static final Size PLUS = new Size(896, 12, 14, 4);
    private static final Size DEEP_SMALL = new Size(384, 36, 6, 4);
    /** The size of a giant with SwiGLU, whose first layer has gate and up, each of 8/3 of the width. */
    private static final Size GATED_GIANT = new Size(1536, 40, 24, 2.66667 * 2);
    private static final Size IJEPA_BASE = new Size(768, 12, 16, 4);

    private static final Pattern NAME = Pattern.compile("(vit_pe_(?:core|lang|spatial)|aimv2|vit|deit|deit3|eva|eva02"
            + "|beit|beitv2|beit3)_([a-z0-9]{1,20}(?:_plus)?)(_distilled)?_patch([1-9][0-9]{0,2})"
            + "((?:_[a-z0-9]{1,20}){0,6})(?:\\..*)?");
    /** Names that have a row in the table of {@link NamedParts} or are not known. */
    private static final Pattern OF_THEIR_OWN =
            Pattern.compile("^(?:vit_pe_|eva02_|aimv2_)|^[a-z0-9]+_[a-z0-9]+_plus_patch");
    private static final Pattern WITHOUT_PATCH = Pattern.compile("(flexivit|test)_(small|base|large|vit[234]?)"
            + "(?:\\..*)?");
    private static final int FLEXIBLE_IMAGE = 240;
    private static final int TEST_IMAGE = 160;
    private static final int DINOV2_IMAGE = 518;
    private static final int TIPS_IMAGE = 448;
    private static final int DINOV3_IMAGE = 256;
    private static final int LINGBOT_IMAGE = 512;
    private static final int USUAL_PATCH = 16;
    private static final int USUAL_IMAGE = 224;

    /** Words that change nothing in the network, or what is said below, or only what its tensors and settings show. */
    private static final Pattern PLAIN_WORD = Pattern.compile("gap|map|reg[0-9]{1,3}|clip|quickgelu|siglip|plus|36x1"
            + "|dinov2|tipsv2|dino|mae|sam|augreg|augreg2|miil|in21k|in1k|in12k|in22k|in21ft1k|in22ft1k");
    /** What other sizes' blocks have. */
    private static final Map<String, String> OTHER_BLOCKS = Map.of("dlittle", "differential attention",
            "dwee", "differential attention", "dpwee", "differential attention");
    /** Families with a class token whose features are the patches' mean. */
    private static final Set<String> AVERAGED = Set.of("eva", "beit", "beitv2", "beit3");
    /** Sizes whose SigLIP 2 has the tanh form of GELU; others have it by patch or image. */
    private static final Set<String> TANH_SIZES = Set.of("giantopt");

    /** Takes a name apart; null if it is none of a plain ViT or one of its kin. */
    static ArchitectureName parse(String name) {
        Matcher flexible = WITHOUT_PATCH.matcher(name);
        if (flexible.matches()) {
            boolean test = flexible.group(1).equals("test");
            return new ArchitectureName(flexible.group(1), flexible.group(2), false, USUAL_PATCH,
                    test ? TEST_IMAGE : FLEXIBLE_IMAGE, List.of(), null);
        }
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return null;
        }
        NamedParts own = NamedParts.of(name);
        if (own == null && OF_THEIR_OWN.matcher(name).find()) {
            return null;
        }
        int image = 0;
        List<String> words = new ArrayList<>();
        for (String word : matcher.group(5).split("_")) {
            if (word.matches("[1-9][0-9]{0,3}") && image == 0) {
                image = Integer.parseInt(word);
            } else if (!word.isEmpty()) {
                words.add(word);
            }
        }
        if (image == 0) {
            image = words.contains("dinov2") ? DINOV2_IMAGE : words.contains("tipsv2") ? TIPS_IMAGE
                    : words.contains("dinov3") ? DINOV3_IMAGE : words.contains("lingbot") ? LINGBOT_IMAGE : 0;
        }
        return new ArchitectureName(matcher.group(1), matcher.group(2), matcher.group(3) != null,
                Integer.parseInt(matcher.group(4)), image, words, own);
    }

    /** Returns the first part that stands for something that is not done here (18x2, rope, ...), or null. */
    String unsupported() {
        if (own != null) {
            return null;
        }
        if (OTHER_BLOCKS.containsKey(size)) {
            return size + " (" + OTHER_BLOCKS.get(size) + ")";
        }
        return words.stream().filter(word -> !PLAIN_WORD.matcher(word).matches()).findFirst().orElse(null);
    }

    private boolean says(String word) {
        return words.contains(word);
    }

    /** Returns the numbers that the name stands for; null if they are not known. */
    Size dimensions() {
        if (own != null) {
            return own.size(family + "_" + size, SIZES.get(size));
        } else if (family.equals("test")) {
            return TEST_SIZES.get(size);
        } else if (says("plus")) {
            return PLUS;
        } else if (says("36x1")) {
            return DEEP_SMALL;
        } else if (isGated()) {
            return GATED_GIANT;
        } else if (size.equals("base") && says("gap") && !says("siglip") && registers() == 0) {
            return IJEPA_BASE;
        }
        return SIZES.get(size);
    }

    /** Returns the MLP's channels of a model of some width and ratio. */
    int mlpHidden(int width, double ratio) {
        if (own != null) {
            return own.mlpHidden(width, ratio);
        }
        return (int) (width * ratio) / (isGated() ? 2 : 1);
    }

    /** LayerNorm's epsilon: PyTorch's default where timm follows OpenCLIP or BEiT-3, else timm's for ViT. */
    float epsilon() {
        if (own != null) {
            return own.epsilon();
        }
        return says("clip") || family.equals("beit3") ? 1e-5f : 1e-6f;
    }

    /** Returns what timm's constructor pools by unless told otherwise. */
    Pooling pooling() {
        if (own != null) {
            return own.pooling();
        }
        if (says("gap") || AVERAGED.contains(family) || isTest("vit2") || isTest("vit4")) {
            return Pooling.AVERAGE;
        }
        return says("siglip") || says("map") || isTest("vit3") ? Pooling.ATTENTION : Pooling.TOKEN;
    }

    private boolean isTest(String size) {
        return family.equals("test") && this.size.equals(size);
    }

    /** Returns whether timm's constructor has a class token unless told otherwise. */
    boolean classToken() {
        if (own != null) {
            return own.has(Trait.CLASS_TOKEN);
        }
        return pooling() == Pooling.TOKEN || AVERAGED.contains(family);
    }

    /** Returns how many registers the constructor has unless told otherwise. */
    int registers() {
        if (isTest("vit2") || isTest("vit3") || isTest("vit4")) {
            return 1;
        }
        if (own != null && own.registers() > 0) {
            return own.registers();
        }
        return words.stream().filter(word -> word.matches("reg[0-9]+"))
                .mapToInt(word -> Integer.parseInt(word.substring("reg".length()))).findFirst().orElse(0);
    }

    /** Returns whether a norm stands before the blocks unless the constructor is told otherwise. */
    boolean preNorm() {
        return own != null ? own.has(Trait.PRE_NORM) : says("clip");
    }

    /** Returns whether keys have a bias where queries have one. */
    boolean keyBias() {
        return own != null ? own.has(Trait.KEY_BIAS) : !isBeit();
    }

    /** Returns whether the layers of a branch must have biases. */
    boolean branchBias() {
        return own == null || !own.has(Trait.NO_BRANCH_BIAS);
    }

    /** Returns whether there is an absolute position embedding. */
    boolean absolute() {
        return own != null ? own.has(Trait.ABSOLUTE) : !isBeit();
    }

    /** Returns whether the last norm is over what was pooled, if it is a mean, rather than over all tokens. */
    boolean normsMean() {
        return own == null || !own.has(Trait.NORM_BEFORE_POOLING);
    }

    /** Returns whether the constructor puts a norm within a branch, {@code attn.norm} or {@code mlp.norm}. */
    boolean innerNorm(String branch) {
        boolean large = family.equals("eva02") && Set.of("base", "large").contains(size);
        return large && (branch.equals("mlp") || says("clip"));
    }

    /** Returns whether there is a relative position bias per block, and no absolute position. */
    boolean isBeit() {
        return family.equals("beit") || family.equals("beitv2");
    }

    private boolean isGated() {
        return size.equals("giant") && (says("dinov2") || says("tipsv2"));
    }

    /** Returns the parts that the constructor makes a model of. */
    Parts parts() {
        if (own != null) {
            return own.parts((image == 0 ? USUAL_IMAGE : image) / patch);
        }
        Parts parts = Parts.PLAIN.with(activation()).withGate(isGated());
        parts = size.equals("pwee") ? parts.with(Branches.PARALLEL) : parts;
        parts = isTest("vit4") ? parts.with(NormKind.RMS) : parts;
        return parts.withFinalNorm(!size.equals("intern300m"));
    }

    private Activation activation() {
        if (says("quickgelu")) {
            return Activation.QUICK_GELU;
        } else if (isGated()) {
            return Activation.SILU;
        }
        boolean tanh = says("siglip") && (TANH_SIZES.contains(size) || size.equals("base") && patch == 32
                || size.equals("large") && image == 512 || size.equals("so400m") && patch == 16);
        return tanh ? Activation.GELU_TANH : Activation.GELU;
    }
}
