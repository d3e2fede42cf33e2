// A layer over SQLite's file layer that writes a commit's frames in one piece.
//
// SQLite hands over each frame of the log in two writes, 24 bytes and a page: a sale of
// 24 pages is 48 calls. This layer holds back what is written to a log one behind the
// other, and hands it on whole before anybody could ask for it:
//
//	xWrite xWrite xWrite ... xSync        what SQLite does
//	                         write sync   what the disk sees
//
// The order of writes and barriers is SQLite's. Other connections read frames of the log
// only once SQLite has synced them (synchronous=FULL) and said so in shared memory; the
// connection's own reads, and whatever else is asked of the file, hand on first what was
// held back. A write that fails is told by what handed it on: SQLite takes that for a
// failure of the commit, as it is.
//
// Of logs and databases it also tells a page that the disk does not give (EIO) from a
// damaged one: SQLite's usual layer says of both what SQLite takes for damage, and a person
// who restores a copy for it loses what is newer. All other files are the lower layer's alone.

#include <stdlib.h>
#include <string.h>

// What is used of SQLite's interface, which is fixed (sqlite.org/c3ref/io_methods.html, vfs.html).

typedef struct sqlite3_file sqlite3_file;
typedef struct sqlite3_vfs sqlite3_vfs;
typedef long long int sqlite3_int64;

typedef struct {
	int iVersion;
	int (*xClose)(sqlite3_file *);
	int (*xRead)(sqlite3_file *, void *, int, sqlite3_int64);
	int (*xWrite)(sqlite3_file *, const void *, int, sqlite3_int64);
	int (*xTruncate)(sqlite3_file *, sqlite3_int64);
	int (*xSync)(sqlite3_file *, int);
	int (*xFileSize)(sqlite3_file *, sqlite3_int64 *);
	int (*xLock)(sqlite3_file *, int);
	int (*xUnlock)(sqlite3_file *, int);
	int (*xCheckReservedLock)(sqlite3_file *, int *);
	int (*xFileControl)(sqlite3_file *, int, void *);
	int (*xSectorSize)(sqlite3_file *);
	int (*xDeviceCharacteristics)(sqlite3_file *);
	// Since version 2: memory that connections share.
	int (*xShmMap)(sqlite3_file *, int, int, int, void volatile **);
	int (*xShmLock)(sqlite3_file *, int, int, int);
	void (*xShmBarrier)(sqlite3_file *);
	int (*xShmUnmap)(sqlite3_file *, int);
} io_methods;

struct sqlite3_file {
	const io_methods *pMethods;
};

struct sqlite3_vfs {
	int iVersion;
	int szOsFile;
	int mxPathname;
	sqlite3_vfs *pNext;
	const char *zName;
	void *pAppData;
	int (*xOpen)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
	int (*xDelete)(sqlite3_vfs *, const char *, int);
	int (*xAccess)(sqlite3_vfs *, const char *, int, int *);
	int (*xFullPathname)(sqlite3_vfs *, const char *, int, char *);
	void *(*xDlOpen)(sqlite3_vfs *, const char *);
	void (*xDlError)(sqlite3_vfs *, int, char *);
	void (*(*xDlSym)(sqlite3_vfs *, void *, const char *))(void);
	void (*xDlClose)(sqlite3_vfs *, void *);
	int (*xRandomness)(sqlite3_vfs *, int, char *);
	int (*xSleep)(sqlite3_vfs *, int);
	int (*xCurrentTime)(sqlite3_vfs *, double *);
	int (*xGetLastError)(sqlite3_vfs *, int, char *);
	int (*xCurrentTimeInt64)(sqlite3_vfs *, sqlite3_int64 *);
};

extern sqlite3_vfs *sqlite3_vfs_find(const char *);
extern int sqlite3_vfs_register(sqlite3_vfs *, int);

enum { ok = 0, error = 1, no_memory = 7, not_read = 10 | 1 << 8, not_read_as_damage = 10 | 33 << 8 };
enum { open_database = 0x100, open_wal = 0x80000 };

// held is how many bytes are held back at most.
enum { held = 64 << 10 };

typedef struct {
	sqlite3_file file;
	sqlite3_file *real; // lies behind this struct
	char *bytes;        // held back; made at the first write
	sqlite3_int64 at;   // where the first of them belongs
	int n;              // how many they are
} gathered;

// hand_on writes what is held back. Whatever comes of it is said once.
static int hand_on(gathered *g) {
	int n = g->n;
	g->n = 0;
	return n == 0 ? ok : g->real->pMethods->xWrite(g->real, g->bytes, n, g->at);
}

static int g_close(sqlite3_file *f) {
	gathered *g = (gathered *)f;
	int rc = hand_on(g), end = g->real->pMethods->xClose(g->real);
	free(g->bytes);
	return rc == ok ? end : rc;
}

static int g_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
	gathered *g = (gathered *)f;
	int rc = hand_on(g);
	if (rc == ok) rc = g->real->pMethods->xRead(g->real, p, n, at);
	return rc == not_read_as_damage ? not_read : rc;
}

static int g_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
	gathered *g = (gathered *)f;
	if (g->n > 0 && (at != g->at + g->n || n > held - g->n)) {
		int rc = hand_on(g);
		if (rc != ok) return rc;
	}
	if (n > held) return g->real->pMethods->xWrite(g->real, p, n, at);
	if (g->bytes == 0 && (g->bytes = malloc(held)) == 0) return no_memory;
	if (g->n == 0) g->at = at;
	memcpy(g->bytes + g->n, p, n);
	g->n += n;
	return ok;
}

static int g_truncate(sqlite3_file *f, sqlite3_int64 to) {
	gathered *g = (gathered *)f;
	int rc = hand_on(g);
	return rc == ok ? g->real->pMethods->xTruncate(g->real, to) : rc;
}

static int g_sync(sqlite3_file *f, int flags) {
	gathered *g = (gathered *)f;
	int rc = hand_on(g);
	return rc == ok ? g->real->pMethods->xSync(g->real, flags) : rc;
}

static int g_size(sqlite3_file *f, sqlite3_int64 *size) {
	gathered *g = (gathered *)f;
	int rc = hand_on(g);
	return rc == ok ? g->real->pMethods->xFileSize(g->real, size) : rc;
}

static int g_control(sqlite3_file *f, int op, void *arg) {
	gathered *g = (gathered *)f;
	int rc = hand_on(g);
	return rc == ok ? g->real->pMethods->xFileControl(g->real, op, arg) : rc;
}

// What concerns neither reading nor writing is the lower layer's. Of a database nothing is held back.

static int g_lock(sqlite3_file *f, int l) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xLock(r, l); }
static int g_unlock(sqlite3_file *f, int l) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xUnlock(r, l); }
static int g_reserved(sqlite3_file *f, int *is) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xCheckReservedLock(r, is); }
static int g_sector(sqlite3_file *f) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xSectorSize(r); }
static int g_device(sqlite3_file *f) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xDeviceCharacteristics(r); }
static int g_map(sqlite3_file *f, int n, int size, int extend, void volatile **p) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xShmMap(r, n, size, extend, p); }
static int g_map_lock(sqlite3_file *f, int at, int n, int flags) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xShmLock(r, at, n, flags); }
static void g_barrier(sqlite3_file *f) { sqlite3_file *r = ((gathered *)f)->real; r->pMethods->xShmBarrier(r); }
static int g_unmap(sqlite3_file *f, int remove) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xShmUnmap(r, remove); }
static int g_write_through(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) { sqlite3_file *r = ((gathered *)f)->real; return r->pMethods->xWrite(r, p, n, at); }

static const io_methods of_logs = {1, g_close, g_read, g_write, g_truncate, g_sync, g_size, g_lock, g_unlock, g_reserved, g_control, g_sector, g_device, 0, 0, 0, 0};
static const io_methods of_databases = {2, g_close, g_read, g_write_through, g_truncate, g_sync, g_size, g_lock, g_unlock, g_reserved, g_control, g_sector, g_device, g_map, g_map_lock, g_barrier, g_unmap};
static const io_methods of_unshared = {1, g_close, g_read, g_write_through, g_truncate, g_sync, g_size, g_lock, g_unlock, g_reserved, g_control, g_sector, g_device, 0, 0, 0, 0};

static sqlite3_vfs *below(sqlite3_vfs *v) { return v->pAppData; }

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
	sqlite3_vfs *b = below(v);
	if (!(flags & (open_wal | open_database))) return b->xOpen(b, name, f, flags, out);
	gathered *g = (gathered *)f;
	memset(g, 0, sizeof *g);
	g->real = (sqlite3_file *)(g + 1);
	int rc = b->xOpen(b, name, g->real, flags, out);
	const io_methods *below = g->real->pMethods;
	if (below) f->pMethods = flags & open_wal ? &of_logs : below->iVersion < 2 ? &of_unshared : &of_databases; // SQLite then closes it, whatever rc is
	return rc;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync) { return below(v)->xDelete(below(v), name, sync); }
static int v_access(sqlite3_vfs *v, const char *name, int flags, int *out) { return below(v)->xAccess(below(v), name, flags, out); }
static int v_path(sqlite3_vfs *v, const char *name, int n, char *out) { return below(v)->xFullPathname(below(v), name, n, out); }
static int v_random(sqlite3_vfs *v, int n, char *out) { return below(v)->xRandomness(below(v), n, out); }
static int v_sleep(sqlite3_vfs *v, int us) { return below(v)->xSleep(below(v), us); }
static int v_time(sqlite3_vfs *v, double *out) { return below(v)->xCurrentTime(below(v), out); }
static int v_time64(sqlite3_vfs *v, sqlite3_int64 *out) { return below(v)->xCurrentTimeInt64(below(v), out); }
static int v_last(sqlite3_vfs *v, int n, char *out) { return below(v)->xGetLastError ? below(v)->xGetLastError(below(v), n, out) : ok; }

// posd_gather registers the layer called name over base; 0 names SQLite's usual one.
// SQLite keeps it for ever.
int posd_gather(const char *name, const char *base) {
	sqlite3_vfs *b = sqlite3_vfs_find(base), *v = calloc(1, sizeof *v);
	if (b == 0 || v == 0) {
		free(v);
		return error;
	}
	v->iVersion = b->iVersion >= 2 && b->xCurrentTimeInt64 ? 2 : 1;
	v->szOsFile = b->szOsFile + (int)sizeof(gathered);
	v->mxPathname = b->mxPathname;
	v->zName = name;
	v->pAppData = b;
	v->xOpen = v_open;
	v->xDelete = v_delete;
	v->xAccess = v_access;
	v->xFullPathname = v_path;
	v->xRandomness = v_random;
	v->xSleep = v_sleep;
	v->xCurrentTime = v_time;
	v->xGetLastError = v_last;
	if (v->iVersion == 2) v->xCurrentTimeInt64 = v_time64;
	return sqlite3_vfs_register(v, 0);
}
