//! Where boxes stand.
//!
//! From the middle of the graph, boxes stand in rows by how many cables lead to them, so that a cable leads to the next
//! row or to a box of the same one. Within a row they stand near those of the row above that they are linked to. Hosts
//! at the same switch or router stand in a block beside it, on a bus. Large networks with many ways, such as grids, stand in the
//! rows of a grid.

use std::collections::VecDeque;

/// Between boxes, from side to side and from row to row: room for the names of links.
const GAP_X: f64 = 46.0;
const GAP_Y: f64 = 92.0;
/// In a block of hosts.
const BLOCK_X: f64 = 22.0;
const BLOCK_Y: f64 = 44.0;
/// From the branch of a bus to its hosts, and above it.
pub const DROP: f64 = 14.0;
/// From a box to the trunk of its block.
pub const TRUNK: f64 = 34.0;
/// So many hosts at one box stand in a block; in a large picture each does.
const BLOCK: usize = 3;
/// So many boxes are a large picture.
const LARGE: usize = 24;
/// A block is so much wider than it is high, in boxes.
const WIDE: f64 = 1.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn middle(&self) -> f64 {
        self.x + self.w / 2.0
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }
}

pub struct Layout {
    pub boxes: Vec<Rect>,
    /// Of each box: whose block it stands in.
    pub hub: Vec<Option<usize>>,
    /// The row of each box, and where that ends.
    pub row: Vec<usize>,
    pub low: Vec<f64>,
    pub width: f64,
    pub height: f64,
}

/// Places boxes of these sizes, linked as `edges` say.
pub fn place(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Layout {
    let near = neighbours(sizes.len(), edges);
    let hub = hubs(&near, edges);
    let mut layout = Layout {
        boxes: sizes.iter().map(|(w, h)| Rect { w: *w, h: *h, ..Rect::default() }).collect(),
        row: vec![0; sizes.len()],
        low: vec![0.0; sizes.len()],
        hub,
        width: 0.0,
        height: 0.0,
    };
    let mut placed = vec![false; sizes.len()];
    let mut single = Vec::new();
    for start in 0..sizes.len() {
        if placed[start] || layout.hub[start].is_some() {
            continue;
        }
        let part = reach(start, &near, &layout.hub);
        part.iter().for_each(|i| placed[*i] = true);
        match part.as_slice() {
            [alone] if near[*alone].is_empty() => single.push(*alone),
            part => layout.component(part, &near),
        }
    }
    layout.alone(&single);
    layout
}

fn neighbours(n: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut near = vec![Vec::new(); n];
    for (a, b) in edges.iter().filter(|(a, b)| a != b) {
        if !near[*a].contains(b) {
            near[*a].push(*b);
            near[*b].push(*a);
        }
    }
    near
}

/// Who stands in whose block: boxes with a single cable, where at least [`BLOCK`] are at the same one.
fn hubs(near: &[Vec<usize>], edges: &[(usize, usize)]) -> Vec<Option<usize>> {
    let cables = |i: usize| edges.iter().filter(|(a, b)| *a == i || *b == i).count();
    let leaf = |i: usize| match near[i].as_slice() {
        [only] if near[*only].len() > 1 && cables(i) == 1 => Some(*only),
        _ => None,
    };
    let leaves: Vec<Option<usize>> = (0..near.len()).map(leaf).collect();
    let least = if near.len() >= LARGE { 1 } else { BLOCK };
    let many = |hub: &usize| leaves.iter().filter(|leaf| leaf.as_ref() == Some(hub)).count() >= least;
    leaves.iter().map(|leaf| leaf.filter(|hub| many(hub))).collect()
}

/// All that can be reached, but for what stands in blocks.
fn reach(start: usize, near: &[Vec<usize>], hub: &[Option<usize>]) -> Vec<usize> {
    distances(start, near, hub).into_iter().map(|(i, _)| i).collect()
}

fn distances(start: usize, near: &[Vec<usize>], hub: &[Option<usize>]) -> Vec<(usize, usize)> {
    let mut seen = vec![false; near.len()];
    let (mut out, mut queue) = (Vec::new(), VecDeque::from([(start, 0)]));
    seen[start] = true;
    while let Some((at, far)) = queue.pop_front() {
        out.push((at, far));
        for next in near[at].iter().filter(|next| hub[**next].is_none()) {
            if !std::mem::replace(&mut seen[*next], true) {
                queue.push_back((*next, far + 1));
            }
        }
    }
    out
}

impl Layout {
    /// A box with its block.
    fn extent(&self, i: usize) -> (f64, f64) {
        let own = self.boxes[i];
        match self.block(i) {
            Some((_, columns, w, h)) => {
                let rows = self.leaves(i).len().div_ceil(columns) as f64;
                let wide = columns as f64 * (w + BLOCK_X);
                (own.w + TRUNK + wide, own.h.max(rows * (h + BLOCK_Y)))
            }
            None => (own.w, own.h),
        }
    }

    fn leaves(&self, i: usize) -> Vec<usize> {
        (0..self.hub.len()).filter(|leaf| self.hub[*leaf] == Some(i)).collect()
    }

    /// The hosts of a block, in how many columns, and how large the largest of them is.
    fn block(&self, i: usize) -> Option<(Vec<usize>, usize, f64, f64)> {
        let leaves = self.leaves(i);
        let w = leaves.iter().map(|leaf| self.boxes[*leaf].w).reduce(f64::max)?;
        let h = leaves.iter().map(|leaf| self.boxes[*leaf].h).reduce(f64::max)?;
        let columns = ((leaves.len() as f64).sqrt() * WIDE).ceil().max(1.0) as usize;
        Some((leaves, columns, w, h))
    }

    /// Places boxes that are linked, below all that stand already.
    fn component(&mut self, part: &[usize], near: &[Vec<usize>]) {
        let mut rows = self.rows(part, near);
        for sweep in 0..8 {
            order(&mut rows, near, sweep % 2 == 0);
        }
        let top = self.height;
        let mut y = top;
        for (number, row) in rows.iter().enumerate() {
            let high = row.iter().map(|i| self.extent(*i).1).fold(0.0, f64::max);
            let mut x = 0.0;
            for i in row {
                let (w, _) = self.extent(*i);
                self.row[*i] = number;
                self.low[*i] = y + high;
                self.put(*i, x, y);
                x += w + GAP_X;
            }
            self.width = self.width.max(x - GAP_X);
            y += high + GAP_Y;
        }
        self.settle(&rows, near);
        self.height = y;
    }

    /// Rows by the distance from the box that has the least to the farthest one; in a large net with many ways, by [`Self::grid`].
    fn rows(&self, part: &[usize], near: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let ends = |i: &usize| near[*i].iter().filter(|n| self.hub[**n].is_none()).count();
        let cables = part.iter().map(ends).sum::<usize>() / 2;
        if part.len() >= LARGE / 2 && cables * 4 > part.len() * 5 {
            return self.grid(part, near);
        }
        let far = |i: &usize| distances(*i, near, &self.hub).last().map_or(0, |(_, far)| *far);
        let middle = part.iter().min_by_key(|i| (far(i), usize::MAX - near[**i].len()));
        let mut rows: Vec<Vec<usize>> = Vec::new();
        for (i, far) in middle.map(|i| distances(*i, near, &self.hub)).unwrap_or_default() {
            rows.resize(rows.len().max(far + 1), Vec::new());
            rows[far].push(i);
        }
        rows
    }

    /// Rows by the distances from three corners: from two of a grid that are neighbours, the distances' sum tells the row,
    /// and their difference the column.
    fn grid(&self, part: &[usize], near: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let from = |i: usize| {
            let mut far = vec![0; near.len()];
            distances(i, near, &self.hub).into_iter().for_each(|(to, distance)| far[to] = distance);
            far
        };
        let farthest: Vec<(usize, Vec<usize>)> = part.iter().map(|i| (*i, from(*i))).collect();
        let reach = |far: &[usize]| far.iter().max().copied().unwrap_or(0);
        let Some((first, one)) = farthest.iter().rev().max_by_key(|(_, far)| reach(far)) else {
            return Vec::new();
        };
        let opposite = part.iter().max_by_key(|i| one[**i]).unwrap_or(first);
        let Some((_, two)) = farthest
            .iter()
            .filter(|(i, _)| i != first && i != opposite)
            .max_by_key(|(i, far)| (reach(far), far[*first].min(far[*opposite]), usize::MAX - i))
        else {
            return vec![part.to_vec()];
        };
        let least = part.iter().map(|i| one[*i] + two[*i]).min().unwrap_or(0);
        let mut rows: Vec<Vec<usize>> = Vec::new();
        for i in part {
            let row = (one[*i] + two[*i] - least) / 2;
            rows.resize(rows.len().max(row + 1), Vec::new());
            rows[row].push(*i);
        }
        rows.iter_mut().for_each(|row| row.sort_by_key(|i| one[*i] as isize - two[*i] as isize));
        rows.retain(|row| !row.is_empty());
        rows
    }

    /// Puts a box and its block there.
    fn put(&mut self, i: usize, x: f64, y: f64) {
        let own = &mut self.boxes[i];
        (own.x, own.y) = (x, y);
        let left = own.right() + TRUNK;
        let Some((leaves, columns, w, h)) = self.block(i) else { return };
        for (place, leaf) in leaves.into_iter().enumerate() {
            let (column, row) = ((place % columns) as f64, (place / columns) as f64);
            let own = &mut self.boxes[leaf];
            own.x = left + column * (w + BLOCK_X) + (w - own.w) / 2.0 + BLOCK_X / 2.0;
            own.y = y + row * (h + BLOCK_Y) + DROP;
        }
    }

    fn shift(&mut self, i: usize, by: f64) {
        let moved = |at: usize, hub: &Option<usize>| at == i || *hub == Some(i);
        for at in 0..self.boxes.len() {
            if moved(at, &self.hub[at]) {
                self.boxes[at].x += by;
            }
        }
    }

    /// Moves the boxes of each row towards those that they are linked to, without their changing places.
    fn settle(&mut self, rows: &[Vec<usize>], near: &[Vec<usize>]) {
        for sweep in 0..24 {
            let down = sweep % 2 == 0;
            let order: Vec<usize> =
                if down { (0..rows.len()).collect() } else { (0..rows.len()).rev().collect() };
            for number in order {
                let other = if down { number.checked_sub(1) } else { Some(number + 1) };
                let Some(other) = other.filter(|other| *other < rows.len()) else { continue };
                self.pull(&rows[number], &rows[other], near);
            }
        }
        let left = rows.iter().flatten().map(|i| self.boxes[*i].x).fold(f64::INFINITY, f64::min);
        for i in rows.iter().flatten() {
            self.shift(*i, -left);
        }
        let right = |i: &usize| self.boxes[*i].x + self.extent(*i).0;
        self.width = rows.iter().flatten().map(right).fold(self.width, f64::max);
    }

    /// Each box of the row as near to where it wants to be as its neighbours in the row let it: groups that push each
    /// other share what they want.
    fn pull(&mut self, row: &[usize], other: &[usize], near: &[Vec<usize>]) {
        // (where the group begins, its width, how many are in it, the sum of what they want)
        let mut groups: Vec<(f64, f64, f64, f64)> = Vec::new();
        for i in row {
            let linked: Vec<f64> =
                near[*i].iter().filter(|n| other.contains(n)).map(|n| self.boxes[*n].middle()).collect();
            let own = self.boxes[*i];
            let wanted = match linked.len() {
                0 => own.x,
                n => linked.iter().sum::<f64>() / n as f64 - own.w / 2.0,
            };
            let (w, _) = self.extent(*i);
            let mut group = (wanted, w + GAP_X, 1.0, wanted);
            while let Some(last) = groups.last().copied().filter(|last| last.0 + last.1 > group.0) {
                groups.pop();
                // Each wants to stand behind what is in front of it.
                let sum = last.3 + group.3 - group.2 * last.1;
                let n = last.2 + group.2;
                group = (sum / n, last.1 + group.1, n, sum);
            }
            groups.push(group);
        }
        let mut row = row.iter();
        for (begin, _, n, _) in groups {
            let mut x = begin;
            for i in row.by_ref().take(n as usize) {
                let by = x - self.boxes[*i].x;
                self.shift(*i, by);
                x += self.extent(*i).0 + GAP_X;
            }
        }
    }

    /// Boxes without cables, in rows at the end.
    fn alone(&mut self, all: &[usize]) {
        let most = self.width.max(900.0);
        let (mut x, mut y, mut high) = (0.0, (self.height - GAP_Y / 2.0).max(0.0), 0.0_f64);
        for i in all {
            let own = self.boxes[*i];
            if x > 0.0 && x + own.w > most {
                (x, y, high) = (0.0, y + high + GAP_X, 0.0);
            }
            self.put(*i, x, y);
            x += own.w + GAP_X;
            high = high.max(own.h);
            self.width = self.width.max(x - GAP_X);
        }
        self.height = if all.is_empty() { (self.height - GAP_Y).max(0.0) } else { y + high };
    }
}

/// Sorts each row by where those of the row above (or below) stand that a box is linked to.
fn order(rows: &mut [Vec<usize>], near: &[Vec<usize>], down: bool) {
    let numbers: Vec<usize> =
        if down { (1..rows.len()).collect() } else { (0..rows.len().saturating_sub(1)).rev().collect() };
    for number in numbers {
        let other = rows[if down { number - 1 } else { number + 1 }].clone();
        let centre = |i: &usize, own: usize| {
            let places: Vec<f64> =
                near[*i].iter().filter_map(|n| other.iter().position(|o| o == n)).map(|p| p as f64).collect();
            match places.len() {
                0 => own as f64,
                n => places.iter().sum::<f64>() / n as f64,
            }
        };
        let mut keyed: Vec<(f64, usize)> =
            rows[number].iter().enumerate().map(|(own, i)| (centre(i, own), *i)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows[number] = keyed.into_iter().map(|(_, i)| i).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(a: &Rect, b: &Rect) -> bool {
        a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
    }

    fn none_overlap(layout: &Layout) {
        for (i, a) in layout.boxes.iter().enumerate() {
            for (j, b) in layout.boxes.iter().enumerate().skip(i + 1) {
                assert!(!overlap(a, b), "{i} and {j}: {a:?} {b:?}");
            }
            assert!(a.x >= 0.0 && a.y >= 0.0 && a.right() <= layout.width + 1.0, "{a:?}");
        }
    }

    #[test]
    fn a_grid_of_routers_with_a_host_each_stands_as_a_grid() {
        let (rows, columns) = (6, 10);
        let (mut sizes, mut edges) = (vec![(170.0, 190.0); rows * columns], Vec::new());
        for at in 0..rows * columns {
            sizes.push((130.0, 60.0));
            edges.push((at, rows * columns + at));
            if at % columns + 1 < columns {
                edges.push((at, at + 1));
            }
            if at / columns + 1 < rows {
                edges.push((at, at + columns));
            }
        }
        let layout = place(&sizes, &edges);
        none_overlap(&layout);
        for at in 0..rows * columns {
            let own = layout.boxes[at];
            if at % columns + 1 < columns {
                assert_eq!(own.y, layout.boxes[at + 1].y);
            }
            if at / columns + 1 < rows {
                assert!((own.x - layout.boxes[at + columns].x).abs() < 1.0, "{at}");
            }
        }
        assert!(layout.width < 4200.0 && layout.height < 1700.0, "{} x {}", layout.width, layout.height);
    }

    #[test]
    fn sixty_hosts_at_a_switch_stand_in_a_block() {
        let sizes = vec![(140.0, 80.0); 61];
        let layout = place(&sizes, &(1..61).map(|host| (0, host)).collect::<Vec<_>>());
        none_overlap(&layout);
        assert!(layout.width < 1600.0 && layout.height < 1200.0, "{} x {}", layout.width, layout.height);
    }
}
