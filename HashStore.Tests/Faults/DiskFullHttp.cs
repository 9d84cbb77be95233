using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace HashStore.Tests.Faults;

/// <summary>A server whose disk is full: uploads are refused with 507 and leave nothing, and all goes on when there is room.</summary>
public sealed class DiskFullHttp
{
    private const int DiskMebibytes = 24;

    [NeedsFact("root", "mount")]
    public async Task An_upload_that_does_not_fit_is_refused_and_the_next_small_one_works()
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var server = await ServerProcess.StartAsync(Path.Combine(disk.Path, "root"));
        (await server.Client.PutAsync("Before.png", Samples.Png())).AssertStatus(201);
        var before = await Kept.LookAsync(server);

        // 1. Too large by what it declares.
        var declared = await server.Client.PutAsync("Large.bin", Samples.Unknown((DiskMebibytes << 20) + 1));
        declared.AssertProblem(507);
        Assert.NotNull(declared["Retry-After"]);
        Assert.Equal(before, await Kept.LookAsync(server));

        // 2. Too large only when it has come in.
        using (var form = new MultipartFormDataContent { { new ByteArrayContent(Samples.Unknown((DiskMebibytes << 20) + 1)), "file", "Large.bin" } })
        {
            (await server.Client.SendAsync("POST", "/api/files", form)).AssertProblem(507);
        }

        Assert.Equal(before, await Kept.LookAsync(server));

        // 3. What is there is served on, and small ones are taken.
        var small = Samples.Png();
        (await server.Client.PutAsync("Small.png", small)).AssertStatus(201);
        Assert.Equal(small, (await server.Client.GetAsync(Samples.ObjectUrl(small))).AssertStatus(200).Body);
        await FillAndEmptyAsync(server, disk.Path);
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>Not a byte is left: reading goes on, each upload is refused, and the first one after there is room again is taken.</summary>
    private static async Task FillAndEmptyAsync(ServerProcess server, string disk)
    {
        var content = Samples.Png();
        (await server.Client.PutAsync("Read on.png", content)).AssertStatus(201);
        var filler = Path.Combine(disk, "filler");
        long written = 0;
        using (var file = File.OpenHandle(filler, FileMode.CreateNew, FileAccess.Write))
        {
            var piece = new byte[4096];
            while (TryWrite(file, piece, written))
            {
                written += piece.Length;
            }
        }

        Assert.Equal(content, (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
        (await server.Client.GetAsync("/healthz")).AssertStatus(200);
        for (var time = 0; time < 3; time++)
        {
            (await server.Client.PutAsync("Full.png", Samples.Png(50_000))).AssertProblem(507);
            Assert.Empty(Kept.Staged(server));
        }

        (await server.Client.GetAsync("/api/files/Full.png")).AssertProblem(404);
        File.Delete(filler);
        (await server.Client.PutAsync("Full.png", Samples.Png(50_000))).AssertStatus(201);
    }

    private static bool TryWrite(SafeFileHandle file, byte[] piece, long offset)
    {
        try
        {
            RandomAccess.Write(file, piece, offset);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
