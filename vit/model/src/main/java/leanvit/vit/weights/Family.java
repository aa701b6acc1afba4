package leanvit.vit.weights;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import leanvit.vit.weights.Parts.Activation;
import leanvit.vit.weights.Parts.PositionFit;
import leanvit.vit.weights.Parts.PrefixPositions;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * A family of transformers' models: what its configuration class has where {@code config.json} says nothing, and which
 * parts its formula is made of. A family is a row of the table; {@link TransformersConfig} reads what a file says.
 *
 * @param type       {@code model_type}
 * @param classes    what the names of its classes begin with; {@code architectures} has such a name and a {@link Task}
 * @param size       of the configuration class: width, depth, heads, inner width of the MLP (0: 4 times the width),
 *                   side of the image and of a patch
 * @param epsilon    of the configuration class
 * @param activation of the configuration class
 * @param prefix     which prefix tokens have positions
 * @param fit        how positions are fitted to another grid
 * @param pooling    what the model's features are
 * @param classifier what a classifier reads
 * @param dialect    how tensors are called
 * @param unused     tensors that play no role for features and logits
 */
record Family(String type, List<String> classes, Size size, double epsilon, Activation activation,
              PrefixPositions prefix, PositionFit fit, Pooling pooling, Pooling classifier, Dialect dialect,
              Pattern unused) {

    /** The sizes of a configuration class. */
    record Size(int width, int depth, int heads, int mlp, int image, int patch) {
    }

    /** What the end of a class's name says. */
    enum Task { FEATURES, PROJECTION, CLASSES, DISTILLED_CLASSES, PRETRAINING }

    private static final Size BASE = new Size(768, 12, 12, 3072, 224, 16);
    private static final Size BASE_14 = new Size(768, 12, 12, 0, 224, 14);
    private static final Size BASE_32 = new Size(768, 12, 12, 3072, 224, 32);
    private static final Size SMALL = new Size(384, 12, 6, 1536, 224, 16);
    private static final Pattern DECODERS = Pattern.compile("decoder\\..*|lm_head\\..*|pooler\\..*");
    private static final Pattern BEIT_HEADS = Pattern.compile("(?:decode_head|auxiliary_head|fpn[0-9]|lm_head)\\..*");
    private static final Pattern TEXT =
            Pattern.compile("text_model\\..*|text_projection\\..*|logit_scale|logit_bias");

    private static final List<Family> TABLE = List.of(
            vit("vit", "ViT", 1e-12, Pooling.TOKEN),
            vit("deit", "DeiT", 1e-12, Pooling.TOKEN),
            vit("vit_mae", "ViTMAE", 1e-12, Pooling.TOKEN),
            vit("vit_msn", "ViTMSN", 1e-6, Pooling.TOKEN),
            vit("ijepa", "IJepa", 1e-12, Pooling.AVERAGE),
            new Family("beit", List.of("Beit"), BASE, 1e-12, Activation.GELU, PrefixPositions.ALL, PositionFit.BICUBIC,
                    Pooling.AVERAGE, Pooling.AVERAGE, Dialect.VIT, BEIT_HEADS),
            new Family("data2vec-vision", List.of("Data2VecVision"), BASE, 1e-12, Activation.GELU, PrefixPositions.ALL,
                    PositionFit.BICUBIC, Pooling.AVERAGE, Pooling.AVERAGE, Dialect.VIT, BEIT_HEADS),
            new Family("dinov2", List.of("Dinov2"), BASE_14, 1e-6, Activation.GELU, PrefixPositions.ALL,
                    PositionFit.BICUBIC, Pooling.TOKEN, Pooling.TOKEN_AND_AVERAGE, Dialect.DINOV2, DECODERS),
            new Family("dinov2_with_registers", List.of("Dinov2WithRegisters"), new Size(768, 12, 12, 0, 224, 16), 1e-6,
                    Activation.GELU, PrefixPositions.NO_REGISTERS, PositionFit.ANTIALIASED, Pooling.TOKEN,
                    Pooling.TOKEN_AND_AVERAGE, Dialect.DINOV2, DECODERS),
            new Family("dinov3_vit", List.of("DINOv3ViT"), SMALL, 1e-5, Activation.GELU, PrefixPositions.NONE,
                    PositionFit.BICUBIC, Pooling.TOKEN, Pooling.TOKEN_AND_AVERAGE, Dialect.DINOV3, DECODERS),
            clip("clip", "CLIP"),
            clip("clip_vision_model", "CLIPVision"),
            siglip("siglip", "Siglip"),
            siglip("siglip_vision_model", "SiglipVision"));

    private static Family vit(String type, String classes, double epsilon, Pooling pooling) {
        return new Family(type, List.of(classes), BASE, epsilon, Activation.GELU, PrefixPositions.ALL,
                PositionFit.BICUBIC, pooling, pooling, Dialect.VIT, DECODERS);
    }

    private static Family clip(String type, String classes) {
        return new Family(type, List.of(classes), BASE_32, 1e-5, Activation.QUICK_GELU, PrefixPositions.ALL,
                PositionFit.BICUBIC, Pooling.TOKEN, Pooling.AVERAGE, Dialect.CLIP, TEXT);
    }

    private static Family siglip(String type, String classes) {
        return new Family(type, List.of(classes), BASE, 1e-6, Activation.GELU_TANH, PrefixPositions.NONE,
                PositionFit.BICUBIC, Pooling.ATTENTION, Pooling.AVERAGE, Dialect.CLIP, TEXT);
    }

    /** Returns the family of a {@code model_type}, or null. */
    static Family of(String type) {
        return TABLE.stream().filter(family -> family.type.equals(type)).findFirst().orElse(null);
    }

    /** Returns the known types, for messages. */
    static List<String> types() {
        return TABLE.stream().map(Family::type).toList();
    }

    /** Returns whether positions are a relative bias, which each block or the model may have. */
    boolean isBeit() {
        return unused == BEIT_HEADS;
    }

    /** Returns whether the checkpoint may have a text tower, its settings beside the pictures'. */
    boolean isTower() {
        return unused == TEXT;
    }

    /** Returns what a class of this family does; null where the name is none of it. */
    Task task(String name) {
        for (String begin : classes) {
            String end = name.startsWith(begin) ? name.substring(begin.length()) : "";
            // CLIPVisionModel has the type of the whole model, or of the tower alone.
            end = end.startsWith("Vision") ? end.substring("Vision".length()) : end;
            switch (end) {
                case "Model", "Backbone" -> {
                    return isTower() && type.equals("clip") && !name.startsWith("CLIPVision") ? Task.PROJECTION
                            : Task.FEATURES;
                }
                case "ModelWithProjection" -> {
                    return Task.PROJECTION;
                }
                case "ForImageClassification" -> {
                    return Task.CLASSES;
                }
                case "ForImageClassificationWithTeacher" -> {
                    return Task.DISTILLED_CLASSES;
                }
                case "ForPreTraining", "ForMaskedImageModeling" -> {
                    return Task.PRETRAINING;
                }
                default -> {
                }
            }
        }
        return null;
    }

    /** Returns the family whose {@code ForImageClassification} has this one's tensors; null where there is none. */
    Family withClassifier() {
        return isTower() ? null : type.equals("vit_mae") ? of("vit") : this;
    }

    /** Returns what stands before all names but the classifier's in a {@code ForImageClassification}. */
    String tensorPrefix() {
        return (type.equals("vit_msn") ? "vit" : type.replace('-', '_')) + ".";
    }

    /** Returns the class that a file without {@code architectures} is taken for. */
    String usualClass() {
        boolean classifier = Set.of("vit", "deit").contains(type);
        return classes.get(0) + (classifier ? "ForImageClassification" : "Model");
    }
}
