package leanvit.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ContentType;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import leanvit.vit.Classifier;
import leanvit.vit.Outcome;
import leanvit.vit.Picture;

/**
 * Embeds images in this JVM, without a request to anybody: a {@link Classifier}'s feature vectors.
 *
 * <pre>{@code
 * EmbeddingModel model = new LeanvitEmbeddingModel(Classifier.load(Path.of("deit-tiny")));
 * EmbeddingRequest request = EmbeddingRequest.builder()
 *         .inputs(List.of(EmbeddingInput.from(ImageContent.from(Path.of("cat.jpg"), "image/jpeg")))).build();
 * Embedding cat = model.embed(request).embeddings().get(0);
 * }</pre>
 *
 * <p>An input is one image, as base64 data or as a {@code file:} or {@code data:} address; other addresses are refused:
 * nothing is fetched. Text is refused too: a Vision Transformer has no text encoder. One image that cannot be read
 * fails the request, and the message says which. As safe for threads as the classifier, which stays the caller's.
 */
public final class LeanvitEmbeddingModel implements EmbeddingModel {

    private final Classifier classifier;

    /** Makes a model of a classifier, with its reducer and limits. */
    public LeanvitEmbeddingModel(Classifier classifier) {
        this.classifier = Objects.requireNonNull(classifier, "classifier");
    }

    @Override
    public Set<ContentType> supportedContentTypes() {
        return Set.of(ContentType.IMAGE);
    }

    @Override
    public int dimension() {
        return classifier.model().config().width();
    }

    @Override
    public String modelName() {
        return classifier.model().config().architecture();
    }

    /**
     * Embeds the images of a request, in its order.
     *
     * @throws InvalidRequestException     if an image cannot be read
     * @throws UnsupportedFeatureException if an input is not one image of a kind that is read here, or other dimensions
     *                                     are asked for
     */
    @Override
    public EmbeddingResponse doEmbed(EmbeddingRequest request) {
        if (request.dimensions() != null && request.dimensions() != dimension()) {
            throw new UnsupportedFeatureException("dimensions " + request.dimensions() + ": this model gives "
                    + dimension());
        }
        List<Picture> pictures = new ArrayList<>();
        for (int i = 0; i < request.inputs().size(); i++) {
            pictures.add(picture(request.inputs().get(i), i));
        }
        List<Embedding> embeddings = new ArrayList<>();
        for (Outcome<float[]> outcome : classifier.embed(pictures)) {
            try {
                embeddings.add(Embedding.from(outcome.get()));
            } catch (IOException e) {
                throw new InvalidRequestException(e.getMessage(), e);
            }
        }
        return EmbeddingResponse.builder().embeddings(embeddings).modelName(modelName()).build();
    }

    private static Picture picture(EmbeddingInput input, int index) {
        List<Content> contents = input.contents();
        if (contents.size() != 1 || !(contents.get(0) instanceof ImageContent content)) {
            throw new UnsupportedFeatureException("input " + index + ": expected one image, came "
                    + input.contentTypes());
        }
        Image image = content.image();
        String name = "input " + index;
        if (image.base64Data() != null) {
            return Picture.of(decoded(name, image.base64Data())).named(name);
        }
        URI address = image.url();
        if (address != null && "file".equals(address.getScheme())) {
            return Picture.of(Path.of(address));
        }
        String text = String.valueOf(address);
        int comma = text.indexOf(',');
        if (text.startsWith("data:") && comma > 0 && text.substring(0, comma).endsWith(";base64")) {
            return Picture.of(decoded(name, text.substring(comma + 1))).named(name);
        }
        throw new UnsupportedFeatureException(name + ": expected base64 data, or an address that begins with file: or "
                + "data:, came " + text.substring(0, Math.min(100, text.length())));
    }

    private static byte[] decoded(String name, String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(name + ": is no base64: " + e.getMessage(), e);
        }
    }
}
