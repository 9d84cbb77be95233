using System.Buffers;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;

namespace HashStore.Server.Objects;

/// <summary>Sends the bytes of an answer: from memory, or piece by piece from an open file.</summary>
internal static class AnswerBody
{
    /// <summary>Bytes read and sent at a time: large enough for few system calls, small enough for thousands of readers at once.</summary>
    private const int PieceBytes = 64 << 10;

    /// <summary>Up to here the second copy costs less than what avoids it: half of the web server's blocks of 4 KiB.</summary>
    private const int SmallBody = 2048;

    /// <summary>Nothing is flushed here: the web server sends header and body together when the request ends.</summary>
    internal static Task SendCachedAsync(HttpResponse response, ReadOnlyMemory<byte> body)
    {
        if (body.Length <= SmallBody)
        {
            response.BodyWriter.Write(body.Span);
            return Task.CompletedTask;
        }

        // Started first, so that the body is copied once, in one piece, to where it is sent from; before the start the web server keeps a copy aside in small blocks.
        var starting = response.StartAsync();
        if (!starting.IsCompletedSuccessfully)
        {
            return WriteLaterAsync(starting, response, body);
        }

        WriteWhole(response, body.Span);
        return Task.CompletedTask;

        static async Task WriteLaterAsync(Task starting, HttpResponse response, ReadOnlyMemory<byte> body)
        {
            await starting;
            WriteWhole(response, body.Span);
        }

        static void WriteWhole(HttpResponse response, ReadOnlySpan<byte> body)
        {
            body.CopyTo(response.BodyWriter.GetSpan(body.Length));
            response.BodyWriter.Advance(body.Length);
        }
    }

    /// <summary>Sends what an answer says.</summary>
    /// <param name="http">The request.</param>
    /// <param name="cached">All bytes, where they are in memory.</param>
    /// <param name="bytes">Else the open file.</param>
    /// <param name="answer">The answer; its head is written.</param>
    internal static async Task SendAsync(HttpContext http, byte[]? cached, ObjectBytes? bytes, ObjectAnswer answer)
    {
        if (answer.Several is not { } several)
        {
            await SendRangeAsync(http, cached, bytes, answer.Range);
            return;
        }

        for (var part = 0; part < several.Ranges.Count; part++)
        {
            await http.Response.Body.WriteAsync(several.PartHeader(part), http.RequestAborted);
            await SendRangeAsync(http, cached, bytes, several.Ranges[part]);
        }

        await http.Response.Body.WriteAsync(several.Closing, http.RequestAborted);
    }

    private static async Task SendRangeAsync(HttpContext http, byte[]? cached, ObjectBytes? bytes, ByteRange range)
    {
        var writer = http.Response.BodyWriter;
        if (bytes is null)
        {
            await writer.WriteAsync(cached.AsMemory((int)range.Offset, (int)range.Length), http.RequestAborted);
            return;
        }

        for (long sent = 0; sent < range.Length;)
        {
            var piece = (int)Math.Min(PieceBytes, range.Length - sent);
            var count = await bytes.ReadAsync(writer.GetMemory(piece)[..piece], range.Offset + sent, http.RequestAborted);
            if (count == 0)
            {
                http.Abort(); // the file is shorter than was said, or another one now: cut off, so that nobody takes it for whole
                return;
            }

            writer.Advance(count);
            sent += count;
            await writer.FlushAsync(http.RequestAborted);
        }
    }
}
