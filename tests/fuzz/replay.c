/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main for fuzz targets without libFuzzer: feeds the empty input and then every file named, or
 * found below a folder named, to LLVMFuzzerTestOneInput(). The name of each file is printed before
 * it runs, so that the last line of a crash says which input it was.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

/* The buffer has exactly the size of the input, so that a sanitizer sees a read past its end. */
static bool replay_bytes(FILE *file, size_t size)
{
    uint8_t *data = malloc(size > 0 ? size : 1);
    bool ok = data != NULL && fread(data, 1, size, file) == size;
    if (ok) {
        LLVMFuzzerTestOneInput(data, size);
        replayed++;
    }
    free(data);
    return ok;
}

static bool replay_file(const char *path, off_t size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    printf("%s\n", path);
    fflush(stdout);
    bool ok = replay_bytes(file, (size_t)size);
    fclose(file);
    return ok;
}

static bool replay_path(const char *path);

static bool replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return false;
    }
    bool ok = true;
    for (const struct dirent *entry = readdir(folder); ok && entry != NULL;
         entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char child[PATH_BYTES];
        int len = snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        ok = len > 0 && (size_t)len < sizeof(child) && replay_path(child);
    }
    closedir(folder);
    return ok;
}

static bool replay_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return false;
    }
    return S_ISDIR(info.st_mode) ? replay_folder(path) : replay_file(path, info.st_size);
}

int main(int argc, char **argv)
{
    static const uint8_t nothing[1];
    LLVMFuzzerTestOneInput(nothing, 0);
    for (int i = 1; i < argc; i++) {
        /* A target that has no corpus yet is replayed with the empty input only. */
        if (access(argv[i], F_OK) == 0 && !replay_path(argv[i])) {
            fprintf(stderr, "%s: cannot read\n", argv[i]);
            return 1;
        }
    }
    printf("%u inputs replayed\n", replayed);
    return 0;
}
