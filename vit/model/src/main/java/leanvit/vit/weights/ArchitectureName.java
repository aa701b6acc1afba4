package leanvit.vit.weights;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * A name of timm's for a plain Vision Transformer, such as {@code vit_base_patch16_clip_224},
 * {@code deit_tiny_distilled_patch16_224}, {@code vit_small_patch14_reg4_dinov2}, taken apart. It stands for the
 * arguments of a constructor, which a config need not repeat.
 *
 * @param family    "vit", "deit", "deit3", "flexivit", "eva", "beit", "beitv2", "beit3", "test"
 * @param size      "tiny", "base", ...
 * @param distilled whether the name says so
 * @param patch     side of a patch, pixels
 * @param image     side of the image, pixels; 0 if the name does not say
 * @param words     what else the name says
 */
record ArchitectureName(String family, String size, boolean distilled, int patch, int image, List<String> words) {

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
            "vit2", new Size(64, 8, 2, 3), "vit3", new Size(96, 9, 3, 2));
    private static final Size PLUS = new Size(896, 12, 14, 4);
    private static final Size DEEP_SMALL = new Size(384, 36, 6, 4);
    /** The size of a giant with SwiGLU, whose first layer has gate and up, each of 8/3 of the width. */
    private static final Size GATED_GIANT = new Size(1536, 40, 24, 2.66667 * 2);
    private static final Size IJEPA_BASE = new Size(768, 12, 16, 4);

    private static final Pattern NAME = Pattern.compile("(vit|deit|deit3|eva|beit|beitv2|beit3)_([a-z0-9]{1,20})"
            + "(_distilled)?_patch([1-9][0-9]{0,2})((?:_[a-z0-9]{1,20}){0,6})(?:\\..*)?");
    private static final Pattern WITHOUT_PATCH = Pattern.compile("(flexivit|test)_(small|base|large|vit[23]?)"
            + "(?:\\..*)?");
    private static final int FLEXIBLE_IMAGE = 240;
    private static final int TEST_IMAGE = 160;
    private static final int DINOV2_IMAGE = 518;
    private static final int TIPS_IMAGE = 448;
    private static final int USUAL_PATCH = 16;

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
                    test ? TEST_IMAGE : FLEXIBLE_IMAGE, List.of());
        }
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
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
            image = words.contains("dinov2") ? DINOV2_IMAGE : words.contains("tipsv2") ? TIPS_IMAGE : 0;
        }
        return new ArchitectureName(matcher.group(1), matcher.group(2), matcher.group(3) != null,
                Integer.parseInt(matcher.group(4)), image, words);
    }

    /** Returns the first part that stands for something that is not done here (18x2, rope, ...), or null. */
    String unsupported() {
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
        if (family.equals("test")) {
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

    /** LayerNorm's epsilon: PyTorch's default where timm follows OpenCLIP or BEiT-3, else timm's for ViT. */
    float epsilon() {
        return says("clip") || family.equals("beit3") ? 1e-5f : 1e-6f;
    }

    /** Returns what timm's constructor pools by unless told otherwise. */
    Pooling pooling() {
        if (says("gap") || AVERAGED.contains(family) || isTest("vit2")) {
            return Pooling.AVERAGE;
        }
        return says("siglip") || says("map") || isTest("vit3") ? Pooling.ATTENTION : Pooling.TOKEN;
    }

    private boolean isTest(String size) {
        return family.equals("test") && this.size.equals(size);
    }

    /** Returns whether timm's constructor has a class token unless told otherwise. */
    boolean classToken() {
        return pooling() == Pooling.TOKEN || AVERAGED.contains(family);
    }

    /** Returns how many registers the constructor has unless told otherwise. */
    int registers() {
        if (isTest("vit2") || isTest("vit3")) {
            return 1;
        }
        return words.stream().filter(word -> word.matches("reg[0-9]+"))
                .mapToInt(word -> Integer.parseInt(word.substring("reg".length()))).findFirst().orElse(0);
    }

    /** Returns whether a norm stands before the blocks unless the constructor is told otherwise. */
    boolean preNorm() {
        return says("clip");
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
        Parts parts = Parts.PLAIN.with(activation()).withGate(isGated());
        parts = size.equals("pwee") ? parts.inParallel() : parts;
        return size.equals("intern300m") ? parts.withoutFinalNorm() : parts;
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
