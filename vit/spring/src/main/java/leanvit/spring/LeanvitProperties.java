package leanvit.spring;

import java.nio.file.Path;
import java.time.Duration;
import leanvit.vit.Batcher;
import leanvit.vit.CallLimits;
import leanvit.vit.image.PictureLimits;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties {@code leanvit.*}.
 *
 * @param enabled   whether there are beans at all
 * @param model     directory of the model, with config.json and model.safetensors
 * @param reducer   how tokens are reduced, such as tome:r=8
 * @param imageSize side of the model's input in pixels, a multiple of its patch; 0 for what it was trained on
 * @param warmUp    what happens before the application is ready
 * @param calls     how many calls run at once, and how long one may take
 * @param pictures  how large a picture may be
 * @param batcher   a Batcher bean, which gathers pictures of many callers into batches
 */
@ConfigurationProperties("leanvit")
public record LeanvitProperties(@DefaultValue("true") boolean enabled, Path model, @DefaultValue("none") String reducer,
        @DefaultValue("0") int imageSize, @DefaultValue WarmingUp warmUp, @DefaultValue Calls calls,
        @DefaultValue Pictures pictures, @DefaultValue Queue batcher) {

    /**
     * The properties {@code leanvit.warm-up.*}.
     *
     * @param enabled whether pictures run until the kernels are compiled, before the application is ready
     * @param longest how long that may take
     */
    public record WarmingUp(@DefaultValue("true") boolean enabled, @DefaultValue("30s") Duration longest) {
    }

    /**
     * The properties {@code leanvit.calls.*}; what is not set is as {@link CallLimits#usual()} has it.
     *
     * @param concurrency calls at once; by default one per processor
     * @param patience    how long a call waits for its turn; by default any time
     * @param time        how long a call may take in all; by default any time
     * @param idle        after how long unused working memory is given back; by default a minute
     * @param batch       the most pictures that go through the model together; by default 8
     */
    public record Calls(Integer concurrency, Duration patience, Duration time, Duration idle, Integer batch) {

        CallLimits limits() {
            CallLimits usual = CallLimits.usual();
            return new CallLimits(or(concurrency, usual.concurrency()), or(patience, usual.patience()),
                    or(time, usual.time()), or(idle, usual.idle()), or(batch, usual.batch()));
        }
    }

    /**
     * The properties {@code leanvit.pictures.*}; what is not set is as {@link PictureLimits#DEFAULT} has it.
     *
     * @param maxPixels the most pixels of a picture, columns times rows
     * @param maxBytes  the most bytes of a file
     */
    public record Pictures(Integer maxPixels, DataSize maxBytes) {

        PictureLimits limits() {
            PictureLimits usual = PictureLimits.DEFAULT;
            return new PictureLimits(or(maxPixels, usual.maxPixels()), usual.maxSide(),
                    maxBytes == null ? usual.maxBytes() : Math.toIntExact(maxBytes.toBytes()), usual.maxScans());
        }
    }

    /**
     * The properties {@code leanvit.batcher.*}; what is not set is as {@link Batcher.Settings#usual()} has it.
     *
     * @param enabled  whether there is a Batcher
     * @param queue    the most pictures that wait; by default 64
     * @param maxBatch the most pictures of a batch; by default 8
     * @param maxDelay how long a picture waits for others to come; by default not at all
     * @param workers  batches at once; by default one per processor
     * @param time     how long a picture may take from its arrival to its answer; by default any time
     */
    public record Queue(@DefaultValue("false") boolean enabled, Integer queue, Integer maxBatch, Duration maxDelay,
            Integer workers, Duration time) {

        Batcher.Settings settings() {
            Batcher.Settings usual = Batcher.Settings.usual();
            return new Batcher.Settings(or(queue, usual.queue()), or(maxBatch, usual.maxBatch()),
                    or(maxDelay, usual.maxDelay()), or(workers, usual.workers()), or(time, usual.time()));
        }
    }

    private static <T> T or(T value, T usual) {
        return value == null ? usual : value;
    }
}
