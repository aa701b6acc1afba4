package leanvit.vit.image;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;

/**
 * The heap that a picture takes while it is decoded, reserved of one share for the whole Java virtual machine, first
 * come, first served. Whoever holds some asks for no more, so that somebody is always getting on.
 */
final class PictureRoom implements AutoCloseable {

    static final int MAX_WAIT_SECONDS = 10;
    /** One permit is 1 KiB. */
    private static final int UNIT = 1 << 10;
    private static final PictureRoom.Share HEAP = new Share(Runtime.getRuntime().maxMemory());

    private final Semaphore permits;
    private int taken;

    private PictureRoom(Semaphore permits, int taken) {
        this.permits = permits;
        this.taken = taken;
    }

    /** Reserves room, until it is closed. */
    static PictureRoom take(String picture, long bytes) throws NoRoomException {
        return HEAP.take(picture, bytes, MAX_WAIT_SECONDS, TimeUnit.SECONDS);
    }

    /** What needs room while it is made. */
    interface Work {
        RgbImage run() throws InvalidInputException;
    }

    /** Returns what the work makes, with the room; gives the room back if it fails. */
    HeldPicture hold(Work work) throws InvalidInputException {
        return hold(work, 0);
    }

    /** {@link #hold(Work)} for a picture of so many columns whose rows the work shortens; 0 where it does not. */
    HeldPicture hold(Work work, int width) throws InvalidInputException {
        RgbImage made = null;
        try {
            made = work.run();
            return new HeldPicture(made, this, width > 0 ? width : made.width());
        } finally {
            if (made == null) {
                close();
            }
        }
    }

    /** Gives the room back; once, however often it is called. */
    @Override
    public synchronized void close() {
        permits.release(taken);
        taken = 0;
    }

    static String mebibytes(long bytes) {
        return (bytes + (1 << 20) - 1 >> 20) + " MiB";
    }

    /** What there is for pictures of a heap. */
    static final class Share {

        private final long heap;
        private final long share;
        private final Semaphore permits;

        /** Makes eleven sixteenths, so that the largest picture of 7 bytes per pixel fits 512 MB of any collector's. */
        Share(long heap) {
            this.heap = heap;
            share = Math.min(heap / 16 * 11, (long) Integer.MAX_VALUE * UNIT);
            permits = new Semaphore((int) (share / UNIT), true);
        }

        PictureRoom take(String picture, long bytes, long wait, TimeUnit unit) throws NoRoomException {
            String need = "decoding it takes " + mebibytes(bytes) + ", and of the Java heap of " + mebibytes(heap)
                    + " at most " + mebibytes(share) + " are for pictures";
            if (bytes > share - UNIT) {
                throw new NoRoomException(picture, need);
            }
            int wanted = (int) ((bytes + UNIT - 1) / UNIT);
            try {
                if (!permits.tryAcquire(wanted, wait, unit)) {
                    throw new NoRoomException(picture, need + ", which others hold now");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new NoRoomException(picture, "interrupted while it waited for room", e);
            }
            return new PictureRoom(permits, wanted);
        }
    }
}
